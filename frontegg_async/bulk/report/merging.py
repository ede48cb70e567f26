"""Merges the tables of outcomes of many partitions into the figures of one report.

Tables are read batch by batch. Of each row, 24 bytes are kept until the end, when rows are grouped
by partition and line.

A row that several attempts have reported counts once, as the attempt has it that ended last: it was
the last to see whether the row holds. Numbers of attempts do not say which one that was. Under one
claim only a single attempt reports, so several have reported where a claim was forgotten or lost
and numbers began anew, or where there were no claims and all have the number 1. They decide
between attempts that ended in the same millisecond. Clocks of workers are taken to agree better
than the time between two such attempts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from ...errors import InvalidRequestError
from ..input.arrow import as_text, pyarrow_for, pyarrow_problem
from ..jobs import JOBS
from ..jobs.job import Job
from ..outcome import MAX_KEPT_FAILURES, NOT_DONE, Labels, Outcome, RowResult
from .figures import Figures
from .merged_statistics import merged_statistics
from .outcome_table import AttemptFigures, outcome_schema
from .statistics import (
    MAX_EXAMPLES,
    MAX_REASONS,
    OTHER_REASONS,
    FailureGroup,
    Statistics,
    kind_of,
)

BATCH_ROWS: Final = 32_768
"""Rows of a file that are read at a time."""
_OUTCOMES: Final = tuple(Outcome)
_CODES: Final = {outcome.value: code for code, outcome in enumerate(_OUTCOMES)}
_OUTCOME_BITS: Final = 3
_ATTEMPT_BITS: Final = 19
_MOST_ATTEMPTS: Final = (1 << _ATTEMPT_BITS) - 1
_LAST_MS: Final = (1 << (63 - _ATTEMPT_BITS)) - 1
"""Latest end that is told from others, in milliseconds: of the year 2527."""
_CANDIDATES: Final = 4 * MAX_KEPT_FAILURES
_OF_FAILURES: Final = (
    *("outcome", "reason", "line", "status", "error_code", "trace_id"),
    *("user_id", "email", "own_columns"),
)
_ALWAYS: Final = frozenset({"partition_id", "attempt", "ended_at", "job", "line", "outcome"})
"""Columns that have a value in every row."""
_FIGURES: Final = msgspec.json.Decoder(AttemptFigures)


class MergedOutcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What tables of outcomes say together.

    Args:
        job: name of the job, or an empty string where there is no row.
        title: as of the job.
        labels: as of the job.
        figures: rows by outcome, requests of all attempts, and the seconds from the first to the
            last of them.
        duplicates: rows that repeat another one of their partition.
        failures: the first thousand rows that were not done.
        statistics: all attempts over time.
        partitions: number of partitions.
        attempts: number of attempts that have reported.
        host: where the calls went.
        started_at: time at which the first attempt began.
    """

    job: str
    title: str
    labels: Labels
    figures: Figures
    duplicates: int
    failures: tuple[RowResult[Any], ...]
    statistics: Statistics
    partitions: int
    attempts: int
    host: str
    started_at: datetime


def merge(outcomes: object, job: Job[Any] | None = None) -> MergedOutcomes:
    """Merge tables of outcomes; sources and errors as for ``Report.of``."""
    merging = _Merging(job)
    for batch in _batches(outcomes):
        merging.add(batch)
    return merging.result()


def _batches(outcomes: object) -> Iterator[Any]:
    """Yield the record batches of any source of outcomes."""
    pa = pyarrow_for("read outcomes")
    source: Any = outcomes
    if isinstance(source, pa.RecordBatch):
        yield source
    elif isinstance(source, pa.Table):
        yield from source.to_batches(max_chunksize=BATCH_ROWS)
    elif isinstance(source, str | os.PathLike):
        for path in _files(Path(cast("str", source))):
            yield from _of_file(pa, path)
    elif hasattr(source, "to_batches"):  # a Dataset
        yield from source.to_batches(batch_size=BATCH_ROWS)
    elif isinstance(source, Iterable):  # a RecordBatchReader is one as well
        for each in cast("Iterable[object]", source):
            yield from _batches(each)
    else:
        raise InvalidRequestError(
            "outcomes must be a table, a dataset or a reader of pyarrow, a path of Parquet files, "
            f"or an iterable of these, and are a {type(source).__name__}"
        )


def _files(path: Path) -> list[Path]:
    """Return a file, or the Parquet files of a folder in the order of their names."""
    if not path.is_dir():
        return [path]
    found = sorted(
        each
        for each in path.rglob("*.parquet")
        if not any(part.startswith((".", "_")) for part in each.relative_to(path).parts)
    )
    if not found:
        raise InvalidRequestError(f"there are no .parquet files in {path}")
    return found


def _of_file(pa: Any, path: Path) -> Iterator[Any]:
    parquet = pyarrow_for("read outcomes", "parquet")
    try:
        with pa.OSFile(str(path)) as opened:
            file = parquet.ParquetFile(opened, pre_buffer=False)
            _check_columns(file.schema_arrow.names, path)
            yield from file.iter_batches(
                BATCH_ROWS, columns=outcome_schema().names, use_threads=False
            )
    except (pa.ArrowException, OSError) as error:
        raise InvalidRequestError(f"cannot read {path}: {pyarrow_problem(error)}") from None


def _check_columns(names: Sequence[str], where: object) -> None:
    missing = [name for name in outcome_schema().names if name not in names]
    if missing:
        raise InvalidRequestError(
            f"{where} is no table of outcomes: it lacks {', '.join(missing[:5])}"
        )


class _Candidate(msgspec.Struct, frozen=True):
    """A row that was not done, as one attempt has reported it."""

    rank: int
    payload: int
    result: RowResult[Any]


class _Merging:
    """Collects batches."""

    def __init__(self, job: Job[Any] | None) -> None:
        self._pa: Final = pyarrow_for("read outcomes")
        self._compute: Final = pyarrow_for("read outcomes", "compute")
        self._given: Final = job
        self._job: str | None = None
        self._row_types: Any = None
        self._parts: Final[list[Any]] = []
        self._partitions: Final[dict[str, int]] = {}
        self._kinds: Final[dict[str, int]] = {}
        self._candidates: Final[dict[tuple[int, int], _Candidate]] = {}
        # By partition and rank: an attempt whose table is read twice counts once.
        self._figures: Final[dict[tuple[int, int], str]] = {}
        self._attempts: Final[set[tuple[int, int]]] = set()

    def add(self, batch: Any) -> None:
        """Take the rows of a batch in."""
        pa, compute = self._pa, self._compute
        _check_columns(batch.schema.names, "a table")
        if not batch.num_rows:
            return
        batch = self._plain(batch)
        partitions = self._coded(batch.column("partition_id"), self._partitions)
        milliseconds = compute.min_element_wise(
            batch.column("ended_at").cast(pa.int64()), pa.scalar(_LAST_MS)
        )
        attempt = compute.min_element_wise(
            batch.column("attempt").cast(pa.int64()), pa.scalar(_MOST_ATTEMPTS)
        )
        rank = compute.add(compute.shift_left(milliseconds, _ATTEMPT_BITS), attempt)
        lines = batch.column("line")
        for name in compute.unique(batch.column("job")).to_pylist():
            self._check_job(name)
        # Known outcomes come first, so that their codes are the same for every batch.
        names = dict(_CODES)
        codes = self._coded(batch.column("outcome"), names)
        if len(names) > len(_CODES):
            raise InvalidRequestError(f"{list(names)[-1]!r} is no outcome of a row")
        payload = self._told(batch, codes, partitions, lines, rank)
        self._parts.append(
            pa.table({"partition": partitions, "line": lines, "rank": rank, "payload": payload})
        )
        self._note_attempts(batch, partitions, rank)

    def _plain(self, batch: Any) -> Any:
        """Return a batch with the types of outcomes, and times in milliseconds.

        Raises:
            InvalidRequestError: a column has another type, or lacks a value that every row has.
        """
        pa = self._pa
        columns: dict[str, Any] = {}
        for field in outcome_schema():
            column = batch.column(field.name)
            kind = field.type
            try:
                if pa.types.is_timestamp(kind):
                    zone = getattr(column.type, "tz", None)
                    column = column.cast(pa.timestamp("ms", tz=zone), safe=False)
                elif pa.types.is_string(kind):
                    column = as_text(pa, column)
                else:
                    column = column.cast(kind)
            except pa.ArrowException as error:
                raise InvalidRequestError(
                    f"the column {field.name} of a table is none of outcomes: "
                    f"{pyarrow_problem(error)}"
                ) from None
            if field.name in _ALWAYS and column.null_count:
                raise InvalidRequestError(f"a row of a table of outcomes lacks its {field.name}")
            columns[field.name] = column
        return pa.RecordBatch.from_pydict(columns)

    def _coded(self, column: Any, known: dict[str, int]) -> Any:
        """Return a column of text as numbers, the same for the same text in every batch."""
        pa = self._pa
        encoded = column.dictionary_encode()
        numbers = [known.setdefault(value, len(known)) for value in encoded.dictionary.to_pylist()]
        return pa.array(numbers, pa.int32()).take(encoded.indices)

    def _check_job(self, name: str) -> None:
        if self._job is None:
            self._job = name
            kind = type(self._given) if self._given is not None else JOBS.get(name)
            self._row_types = kind
        if name != self._job:
            raise InvalidRequestError(
                f"the outcomes are of several jobs, {self._job} and {name}: a report is of one"
            )

    def _note_attempts(self, batch: Any, partitions: Any, rank: Any) -> None:
        pa = self._pa
        pairs = pa.table({"partition": partitions, "rank": rank})
        for pair in pairs.group_by(["partition", "rank"]).aggregate([]).to_pylist():
            self._attempts.add((pair["partition"], pair["rank"]))
        run = batch.column("run")
        told = run.is_valid()
        for partition, number, text in zip(
            partitions.filter(told).to_pylist(),
            rank.filter(told).to_pylist(),
            run.filter(told).to_pylist(),
            strict=True,
        ):
            self._figures[partition, number] = text

    def _told(self, batch: Any, codes: Any, partitions: Any, lines: Any, rank: Any) -> Any:
        """Return outcome and kind of failure of each row in one number; note the failures."""
        pa, compute = self._pa, self._compute
        wanted = pa.array([_CODES[outcome] for outcome in NOT_DONE], codes.type)
        failed = compute.is_in(codes, value_set=wanted)
        if not compute.any(failed).as_py():
            return codes
        indices = compute.indices_nonzero(failed)
        rows = batch.take(indices).select(_OF_FAILURES)
        payload: list[int] = codes.to_pylist()
        keys = zip(
            indices.to_pylist(),
            partitions.take(indices).to_pylist(),
            lines.take(indices).to_pylist(),
            rank.take(indices).to_pylist(),
            rows.to_pylist(),
            strict=True,
        )
        for index, partition, line, number, row in keys:
            result = self._result(row)
            kind = kind_of(result)
            if kind not in self._kinds and len(self._kinds) >= MAX_REASONS - 1:
                kind = OTHER_REASONS
            code = self._kinds.setdefault(kind, len(self._kinds))
            told = _CODES[result.outcome.value] | code << _OUTCOME_BITS
            payload[index] = told
            self._consider((partition, line), _Candidate(number, told, result))
        return pa.array(payload, pa.int32())

    def _consider(self, key: tuple[int, int], found: _Candidate) -> None:
        before = self._candidates.get(key)
        if before is None:
            if len(self._candidates) < _CANDIDATES:
                self._candidates[key] = found
        elif before.rank <= found.rank:
            self._candidates[key] = found

    def _result(self, row: dict[str, Any]) -> RowResult[Any]:
        outcome = Outcome(row["outcome"])
        said = None
        if self._row_types is not None and outcome is not Outcome.INVALID:
            columns = (self._given or self._row_types()).columns
            own = row["own_columns"] or "{}"
            try:
                said = columns.decode(row["user_id"], row["email"], own)
            except msgspec.DecodeError as error:
                raise InvalidRequestError(f"own_columns of a row are {own!r}: {error}") from None
        return RowResult(
            outcome=outcome,
            reason=row["reason"] or "",
            line=row["line"],
            row=said,
            status=row["status"],
            error_code=row["error_code"],
            trace_id=row["trace_id"],
        )

    def result(self) -> MergedOutcomes:
        """Return what the batches say together."""
        rows = self._winners()
        outcomes, kinds = self._counts(rows)
        latest: dict[int, int] = {}
        for partition, rank in self._attempts:
            latest[partition] = max(rank, latest.get(partition, rank))
        try:
            figures = {key: _FIGURES.decode(text) for key, text in self._figures.items()}
        except msgspec.DecodeError as error:
            raise InvalidRequestError(
                f"the column run of a table has no figures of an attempt: {error}"
            ) from None
        attempts = list(figures.values())
        begun = min((each.started_at for each in attempts), default=0.0)
        ended = max((each.started_at + each.elapsed_s for each in attempts), default=0.0)
        results = self._standing(rows)
        groups = [
            FailureGroup(
                reason=kind,
                count=kinds[code],
                examples=tuple(
                    [each.result for each in results if each.payload >> _OUTCOME_BITS == code][
                        :MAX_EXAMPLES
                    ]
                ),
            )
            for kind, code in self._kinds.items()
            if kinds.get(code)
        ]
        groups.sort(key=lambda group: (group.reason == OTHER_REASONS, -group.count))
        job = self._given or JOBS.get(self._job or "")
        return MergedOutcomes(
            job=self._job or "",
            title="" if job is None else job.title,
            labels=Labels() if job is None else job.labels,
            figures=Figures(
                runs=1,
                counts=outcomes,
                requests=sum(each.requests for each in attempts),
                throttled=sum(each.throttled for each in attempts),
                elapsed_s=ended - begun,
            ),
            duplicates=sum(
                each.duplicates
                for (partition, rank), each in figures.items()
                if latest[partition] == rank
            ),
            failures=tuple([each.result for each in results[:MAX_KEPT_FAILURES]]),
            statistics=merged_statistics(attempts, begun, ended, groups),
            partitions=len(self._partitions),
            attempts=len(self._attempts),
            host=", ".join(sorted({each.host for each in attempts})),
            started_at=datetime.fromtimestamp(begun, UTC),
        )

    def _winners(self) -> Any:
        """Return the rows, each as the attempt has it that ended last."""
        pa = self._pa
        if not self._parts:
            types = [("partition", pa.int32()), ("line", pa.int64())]
            types += [("rank", pa.int64()), ("payload", pa.int32())]
            return pa.schema(types).empty_table()
        rows = pa.concat_tables(self._parts).sort_by("rank")
        self._parts.clear()
        # Not by threads: "last" is the last one of the order.
        found = rows.group_by(["partition", "line"], use_threads=False).aggregate(
            [("rank", "last"), ("payload", "last")]
        )
        return found.rename_columns(["partition", "line", "rank", "payload"])

    def _counts(self, rows: Any) -> tuple[dict[Outcome, int], dict[int, int]]:
        """Return the number of rows by outcome, and that of failures by kind."""
        outcomes = dict.fromkeys(_OUTCOMES, 0)
        kinds: dict[int, int] = {}
        for each in rows.column("payload").value_counts().to_pylist():
            value, count = each["values"], each["counts"]
            code: int = value & ((1 << _OUTCOME_BITS) - 1)
            outcome = _OUTCOMES[code]
            outcomes[outcome] += count
            if outcome in NOT_DONE:
                kind = value >> _OUTCOME_BITS
                kinds[kind] = kinds.get(kind, 0) + count
        return outcomes, kinds

    def _standing(self, rows: Any) -> list[_Candidate]:
        """Return the candidates that no later attempt has replaced, in the order of the rows."""
        if not self._candidates:
            return []
        compute = self._compute
        lines = self._pa.array(sorted({line for _, line in self._candidates}))
        found = rows.filter(compute.is_in(rows.column("line"), value_set=lines))
        # Two attempts may have the same rank; then the one that was read last counts.
        standing = {
            (each["partition"], each["line"]): (each["rank"], each["payload"])
            for each in found.to_pylist()
        }
        return [
            self._candidates[key]
            for key in sorted(self._candidates)
            if standing.get(key) == (self._candidates[key].rank, self._candidates[key].payload)
        ]
