"""The differences between OpenAPI documents and the SDK, found by pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from frontegg_async.cli.call.hints import struct_of

from .documents import DocumentedOperation, covers, operations_of, prefix_of
from .instances import structs_in
from .sdk import SdkOperation, Use, is_json
from .shapes import FieldShape, Shape, shape_of_type

Kind: TypeAlias = Literal["new", "gone", "changed", "stale"]
"""In the documents only, in the SDK only, in both but not alike; or an explanation of nothing."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One difference.

    Args:
        where: the route, as ``GET /path``, or the Struct, as ``class User``.
        part: its part: ``route``, ``query _limit``, ``body a.b``, ``answer``, ``field c``.
        kind: how they differ.
        detail: the rest, for people.
    """

    where: str
    part: str
    kind: Kind
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.part} ({self.kind}): {self.detail}"


def find_drift(
    documents: Sequence[Mapping[str, Any]], sdk: Sequence[SdkOperation]
) -> list[Finding]:
    """Return all differences, sorted, each once.

    Operations of the SDK that no document covers by its prefix are not judged, nor are the
    Structs that such operations return.
    """
    prefixes = [prefix_of(document) for document in documents]
    judged = [each for each in sdk if any(covers(prefix, each.template) for prefix in prefixes)]
    routes: dict[str, list[SdkOperation]] = {}
    for each in judged:
        routes.setdefault(key_of(each.method, each.template), []).append(each)
    found: set[Finding] = set()
    answers = _Answers()
    for document in documents:
        for documented in operations_of(document):
            route = f"{documented.method} {documented.template}"
            ours = routes.pop(key_of(documented.method, documented.template), None)
            if ours is None:
                found.add(Finding(route, "route", "new", "the SDK has no such operation"))
                continue
            found.update(_compare_routes(route, documented, ours))
            for each in ours:
                found.update(answers.compare(route, documented, each))
    for left in routes.values():
        names = ", ".join(each.name for each in left)
        route = f"{left[0].method} {left[0].template}"
        found.add(Finding(route, "route", "gone", f"{names} is not documented"))
    elsewhere = structs_in(*(each.returns for each in sdk if each not in judged))
    found.update(answers.invented(except_for={struct_of(each) for each in elsewhere}))
    return sorted(found)


_PARAMETER: Final = re.compile(r"\{\w+\}")


def key_of(method: str, template: str) -> str:
    """Return a route with ``{}`` for each of its parameters, whichever their names."""
    return f"{method} {_PARAMETER.sub('{}', template)}"


def _compare_routes(
    route: str, documented: DocumentedOperation, ours: Sequence[SdkOperation]
) -> Iterator[Finding]:
    """Yield the differences in the request. Operations that share a route are one here."""
    used: dict[tuple[str, str], Use] = {}
    for place in dict.fromkeys(place for each in ours for place in each.parameters):
        uses = [each.parameters[place] for each in ours if place in each.parameters]
        everywhere = len(uses) == len(ours)
        used[place] = Use(
            required=everywhere and all(use.required for use in uses),
            always=everywhere and all(use.always for use in uses),
            kind=uses[0].kind,
            words=uses[0].words,
        )
    for place in sorted(documented.parameters.keys() | used.keys()):
        theirs, own = documented.parameters.get(place), used.get(place)
        yield from _compare_parameter(route, " ".join(place), theirs, own)
    if documented.deprecated != all(each.deprecated for each in ours):
        who = "Frontegg" if documented.deprecated else "the SDK"
        yield Finding(route, "deprecated", "changed", f"{who} alone says that it is")
    body = next((each.body for each in ours if each.body is not None), None)
    if documented.body is None and body is not None:
        yield Finding(route, "body", "gone", "the SDK sends one")
    elif documented.body is not None and body is None:
        fields = ", ".join(documented.body.find_fields() or {})
        yield Finding(route, "body", "new", f"the SDK sends none (fields: {fields or 'unknown'})")
    elif documented.body is not None:
        yield from _compare_body(route, "body", documented.body, shape_of_type(body), ())


def _compare_parameter(
    route: str, part: str, theirs: FieldShape | None, own: Use | None
) -> Iterator[Finding]:
    if own is None:
        needed = "required" if theirs is not None and theirs.required else "optional"
        yield Finding(route, part, "new", f"the SDK cannot send it ({needed})")
    elif theirs is None:
        yield Finding(route, part, "gone", "the SDK sends it, the document does not know it")
    else:
        sure = own.always if theirs.required else own.required
        yield from _compare_required(route, part, theirs.required, sure)
        # In a URL numbers and flags are strings; only a list may be written in two ways.
        kinds = theirs.shape.kinds
        if (
            own.kind is not None
            and kinds is not None
            and (own.kind == "array") != ("array" in kinds)
        ):
            detail = f"it is {theirs.shape.in_words}, the SDK sends {own.kind}"
            yield Finding(route, part, "changed", detail)
        item = theirs.shape.find_item()
        words = theirs.shape.words or (None if item is None else item.words)
        yield from _compare_words(route, part, words, own.words)


def _compare_required(route: str, part: str, theirs: bool, own: bool) -> Iterator[Finding]:
    if theirs and not own:
        yield Finding(route, part, "changed", "it is required, the SDK can leave it out")
    elif own and not theirs:
        yield Finding(route, part, "changed", "it is optional, the SDK requires it")


def _compare_words(
    route: str, part: str, theirs: frozenset[str] | None, own: frozenset[str] | None
) -> Iterator[Finding]:
    if theirs == own:
        return
    if own is None:
        words = ", ".join(sorted(theirs or ()))
        yield Finding(route, part, "changed", f"it is one of {words}; the SDK takes any string")
    elif theirs is None:
        yield Finding(route, part, "changed", "it is any string; the SDK limits it to words")
    else:
        if theirs - own:
            yield Finding(route, part, "changed", f"words new: {', '.join(sorted(theirs - own))}")
        if own - theirs:
            yield Finding(route, part, "changed", f"words gone: {', '.join(sorted(own - theirs))}")


def _compare_body(
    route: str, part: str, theirs: Shape, own: Shape, inside: tuple[Any, ...]
) -> Iterator[Finding]:
    if (theirs.key, own.key) in inside:
        return
    inside = (*inside, (theirs.key, own.key))
    if theirs.kinds is not None and own.kinds is not None and not theirs.kinds & own.kinds:
        detail = f"it is {theirs.in_words}, the SDK sends {own.in_words}"
        yield Finding(route, part, "changed", detail)
        return
    yield from _compare_words(route, part, theirs.words, own.words)
    if theirs.nullable and not own.nullable:
        yield Finding(route, part, "changed", "it can be null, the SDK cannot send that")
    their_fields, own_fields = theirs.find_fields(), own.find_fields()
    if their_fields is None and own_fields:
        yield Finding(route, part, "gone", f"its fields are not described, {own.name} has some")
    elif their_fields is not None and own_fields is None:
        yield Finding(route, part, "new", f"it has fields ({', '.join(their_fields)})")
    for name in sorted((their_fields or {}).keys() & (own_fields or {}).keys()):
        field, own_field = (their_fields or {})[name], (own_fields or {})[name]
        place = f"{part}.{name}" if " " in part else f"{part} {name}"
        yield from _compare_required(route, place, field.required, own_field.required)
        yield from _compare_body(route, place, field.shape, own_field.shape, inside)
    if their_fields is not None and own_fields is not None:
        yield from _fields_of_one(route, part, their_fields, own_fields)
    item, own_item = theirs.find_item(), own.find_item()
    if item is not None and own_item is not None:
        yield from _compare_body(route, part, item, own_item, inside)


def _fields_of_one(
    route: str, part: str, theirs: Mapping[str, FieldShape], own: Mapping[str, FieldShape]
) -> Iterator[Finding]:
    join = "." if " " in part else " "
    for name in theirs.keys() - own.keys():
        needed = "required" if theirs[name].required else "optional"
        yield Finding(route, f"{part}{join}{name}", "new", f"the SDK cannot send it ({needed})")
    for name in own.keys() - theirs.keys():
        yield Finding(route, f"{part}{join}{name}", "gone", "the document does not know it")


def _missing_ids(theirs: Shape, own: Shape, where: str) -> Iterator[Finding]:
    """Yield the ids that a Struct requires, where an answer may come without them."""
    their_fields = theirs.find_fields() or {}
    for name, own_field in (own.find_fields() or {}).items():
        # A list that is required is the answer itself, as the items of a page are.
        if own_field.required and own_field.shape.kinds == frozenset({"string"}):
            field = their_fields.get(name)
            if field is None or not field.required or field.shape.nullable:
                detail = f"the SDK requires it, {theirs.name or where} does not"
                yield Finding(f"class {own.name}", f"field {name}", "changed", detail)


class _Answers:
    """Descriptions of Structs in the documents, gathered from all places where they are read.

    A Struct is of many answers, each with some of its fields: a field that none has is made up.
    """

    def __init__(self) -> None:
        self._described: dict[type[msgspec.Struct], set[str]] = {}

    def compare(
        self, route: str, documented: DocumentedOperation, ours: SdkOperation
    ) -> Iterator[Finding]:
        """Yield the differences in the answer of an operation."""
        theirs = documented.answer
        if theirs is None:
            if ours.returns is not None and not (is_json(ours) and documented.method == "GET"):
                name = "JSON" if is_json(ours) else shape_of_type(ours.returns).name or "it"
                yield Finding(route, "answer", "gone", f"none is described, the SDK reads {name}")
            elif ours.returns is None and documented.method == "GET":
                yield Finding(route, "answer", "changed", "none is described, the SDK reads none")
        elif ours.returns is None:
            yield Finding(route, "answer", "new", f"it is {theirs.in_words}, the SDK reads none")
        else:
            yield from self._compare(route, "answer", theirs, shape_of_type(ours.returns), ())

    def _compare(
        self, where: str, part: str, theirs: Shape, own: Shape, inside: tuple[Any, ...]
    ) -> Iterator[Finding]:
        if (theirs.key, own.key) in inside:
            return
        inside = (*inside, (theirs.key, own.key))
        if own.kinds is not None and theirs.kinds is not None and theirs.kinds - own.kinds:
            detail = f"it is {theirs.in_words}, the SDK reads {own.in_words}"
            yield Finding(where, part, "changed", detail)
        their_fields, own_fields = theirs.find_fields(), own.find_fields()
        if their_fields is None and own_fields and "array" not in (theirs.kinds or ()):
            yield Finding(where, part, "gone", f"its fields are not described, {own.name} has some")
        elif their_fields is not None and own_fields is None:
            yield Finding(where, part, "new", f"it has fields ({', '.join(their_fields)})")
        elif their_fields is not None and own_fields is not None:
            for struct in own.structs:
                self._described.setdefault(struct, set()).update(their_fields)
            for name, field in their_fields.items():
                # Of a Struct that many answers hold, a missing field is one finding. A generic
                # Struct is another in each.
                generic = any(getattr(each, "__parameters__", ()) for each in own.structs)
                place = (
                    (where, f"{part} {name}") if generic else (f"class {own.name}", f"field {name}")
                )
                if name in own_fields:
                    shape = own_fields[name].shape
                    yield from self._compare(*place, field.shape, shape, inside)
                else:
                    detail = f"{field.shape.in_words}, in {theirs.name or where}"
                    yield Finding(*place, "new", detail)
            yield from _missing_ids(theirs, own, where)
        item, own_item = theirs.find_item(), own.find_item()
        if item is not None and own_item is not None:
            yield from self._compare(where, part, item, own_item, inside)
        elif item is not None and own.kinds is None:
            yield Finding(where, part, "new", "it is an array of which more is described")

    def invented(self, *, except_for: set[type[msgspec.Struct] | None]) -> Iterator[Finding]:
        """Yield the fields that Structs have, and no answer that is read into them."""
        for struct, described in self._described.items():
            if struct in except_for:
                continue
            fields = msgspec.structs.fields(struct)
            for name in {field.encode_name for field in fields} - described:
                where = f"class {struct.__name__}"
                yield Finding(where, f"field {name}", "gone", "no document describes it")
