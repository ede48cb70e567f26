"""The identity of a partition: a hash of its run, its job and its rows.

It does not depend on the chunks of the table, the order of its columns, or the Arrow types of text,
so that an engine that stores a table in another form finds the same partition.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

from ..input.arrow import Table, pyarrow_for
from ..ledger.records import Header

_VERSION: Final = "1"


def partition_id_of(header: Header, run_id: str, table: Table) -> str:
    """Return the id of a partition, 32 hexadecimal digits.

    Args:
        header: job, settings and environment.
        run_id: names the run.
        table: the rows, as ``TableRows`` has them.
    """
    pa = pyarrow_for("identify a partition")
    compute = pyarrow_for("identify a partition", "compute")
    digest = blake2b(digest_size=16)
    digest.update(msgspec.json.encode([_VERSION, run_id, header, table.num_rows]))
    for name in sorted(table.column_names):
        # Null is as good as empty, and an empty column as good as none.
        text = table.column(name).cast(pa.large_string()).fill_null("")
        if compute.any(compute.not_equal(text, "")).as_py():
            digest.update(f"\0{name}\0".encode())
            for chunk in text.chunks:
                values: list[bytes] = chunk.cast(pa.large_binary()).to_pylist()
                digest.update(b"".join([b"%d:%b" % (len(value), value) for value in values]))
    return digest.hexdigest()
