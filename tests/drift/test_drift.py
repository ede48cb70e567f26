"""The drift check itself: each kind of change is found, and Frontegg's documents hold none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from frontegg_async import Region

from .__main__ import main
from .documents import prefix_of
from .drift import Finding, Kind, find_drift
from .explained import EXPLAINED, Explanation, unexplained
from .sdk import SdkOperation
from .shapes import DocumentError
from .world import FEED, FREE, LIST, SDK, at, document

SPECS: Final = Path(__file__).parent.parent.parent.parent / "shared" / "spec"
NAMES: Final = ("identity.json", "tenants.json", "env-auth.json")

needs_documents = pytest.mark.skipif(
    not all((SPECS / name).exists() for name in NAMES),
    reason="no copy of Frontegg's OpenAPI in ../shared/spec",
)

Change = Callable[[Any], object]

_list: Final = ("paths", "/animals/v1", "get")
_feed: Final = ("paths", "/animals/v1/{animalId}/feed", "post")
_schemas: Final = ("components", "schemas")


def put(*steps: str | int, value: Any) -> Change:
    """Return a change that puts a value into a document."""
    return lambda whole: at(whole, *steps[:-1]).__setitem__(steps[-1], value)


def remove(*steps: str | int) -> Change:
    """Return a change that takes a part out of a document."""
    return lambda whole: at(whole, *steps[:-1]).__delitem__(steps[-1])


TEXT: Final = {"type": "string"}
CHANGES: Final[list[tuple[Change, str, str, Kind]]] = [
    (put("paths", "/new", value={"get": {"responses": {}}}), "GET /zoo/new", "route", "new"),
    (remove("paths", "/animals/v1/{animalId}/feed"), FEED, "route", "gone"),
    (
        put(*_feed, "parameters", 0, "name", value="id"),
        FEED, "path id", "new",
    ),
    (
        put(*_feed, "parameters", 0, "name", value="id"),
        FEED, "path animalId", "gone",
    ),
    (
        put(*_list, "parameters", 0, "name", value="_size"),
        LIST, "query _limit", "gone",
    ),
    (
        put(*_list, "parameters", 0, "name", value="_size"),
        LIST, "query _size", "new",
    ),
    (put(*_list, "parameters", 1, "required", value=True), LIST, "query _order", "changed"),
    (put(*_list, "parameters", 2, "required", value=False), LIST, "query ids", "changed"),
    (put(*_list, "parameters", 2, "schema", value=TEXT), LIST, "query ids", "changed"),
    (
        put(*_list, "parameters", 0, "schema", value={"type": "array"}),
        LIST, "query _limit", "changed",
    ),
    (
        put(*_list, "parameters", 1, "schema", "enum", value=["ASC"]),
        LIST, "query _order", "changed",
    ),
    (
        put(*_list, "parameters", 1, "schema", "enum", value=["ASC", "DESC", "NONE"]),
        LIST, "query _order", "changed",
    ),
    (remove(*_list, "parameters", 1, "schema", "enum"), LIST, "query _order", "changed"),
    (
        put(*_list, "parameters", 2, "schema", "items", "enum", value=["a"]),
        LIST, "query ids", "changed",
    ),
    (remove("paths", "/animals/v1", "parameters"), LIST, "header frontegg-tenant-id", "gone"),
    (
        put("paths", "/animals/v1", "parameters", 0, "required", value=False),
        LIST, "header frontegg-tenant-id", "changed",
    ),
    (
        put("paths", "/animals/v1", "parameters", 0, "name", value="x-other"),
        LIST, "header x-other", "new",
    ),
    # Of two operations that share the route one sends it: required it would be too much.
    (
        put("paths", "/animals/v1/{animalId}", "delete", "parameters", 0, "required", value=True),
        FREE, "header frontegg-tenant-id", "changed",
    ),
    (
        put("paths", "/animals/v1/{animalId}", "delete", "parameters", value=[]),
        FREE, "header frontegg-tenant-id", "gone",
    ),
    (put(*_list, "deprecated", value=True), LIST, "deprecated", "changed"),
    (remove(*_feed, "requestBody"), FEED, "body", "gone"),
    (
        put(*_list, "requestBody", value={"content": {"application/json": {"schema": TEXT}}}),
        LIST, "body", "new",
    ),
    (put(*_schemas, "FeedDto", "properties", "time", value=TEXT), FEED, "body time", "new"),
    (remove(*_schemas, "FeedDto", "properties", "note"), FEED, "body note", "gone"),
    (put(*_schemas, "FeedDto", "required", value=["kind"]), FEED, "body dishes", "changed"),
    (
        put(*_schemas, "FeedDto", "required", value=["kind", "dishes", "note"]),
        FEED, "body note", "changed",
    ),
    (
        put(*_schemas, "FeedDto", "properties", "kind", "enum", value=["meat", "fish"]),
        FEED, "body kind", "changed",
    ),
    (
        put(*_schemas, "FeedDto", "properties", "kind", "nullable", value=True),
        FEED, "body kind", "changed",
    ),
    (
        put(*_schemas, "FeedDto", "properties", "dishes", value={"type": "number"}),
        FEED, "body dishes", "changed",
    ),
    (put(*_schemas, "FeedDto", "properties", value={}), FEED, "body", "gone"),
    (
        put(*_schemas, "DishDto", "properties", "size", value={"type": "number"}),
        FEED, "body dishes.size", "new",
    ),
    (put(*_schemas, "DishDto", "required", value=[]), FEED, "body dishes.name", "changed"),
    (remove(*_schemas, "DishDto", "properties", "warm"), FEED, "body dishes.warm", "gone"),
    (
        put(*_schemas, "FeedDto", "properties", "note",
            value={"type": "object", "properties": {"a": TEXT}}),
        FEED, "body note", "changed",
    ),
    (put(*_list, "responses", value={"400": {}}), LIST, "answer", "gone"),
    (
        put("paths", "/animals/v1/{animalId}", "delete", "responses", "200", "content",
            value={"application/json": {"schema": TEXT}}),
        FREE, "answer", "new",
    ),
    (
        put(*_schemas, "FedAnimalDto", value={"type": "array", "items": TEXT}),
        FEED, "answer", "changed",
    ),
    (put(*_schemas, "FedAnimalDto", value={"type": "object"}), FEED, "answer", "gone"),
    (
        put(*_schemas, "AnimalDto", "properties", "wings", value={"type": "number"}),
        "class Animal", "field wings", "new",
    ),
    (
        put(*_schemas, "AnimalDto", "properties", "legs", value=TEXT),
        "class Animal", "field legs", "changed",
    ),
    (
        remove(*_schemas, "FedAnimalDto", "properties", "lastMeal"),
        "class Animal", "field lastMeal", "gone",
    ),
    # An id that the SDK requires: each schema that has it must require it, and not as null.
    (remove(*_schemas, "AnimalDto", "required"), "class Animal", "field id", "changed"),
    (remove(*_schemas, "FedAnimalDto", "properties", "id"), "class Animal", "field id", "changed"),
    (
        put(*_schemas, "FedAnimalDto", "properties", "id", value={**TEXT, "nullable": True}),
        "class Animal", "field id", "changed",
    ),
    (
        put(*_schemas, "KeeperDto", "properties", "age", value={"type": "number"}),
        "class Keeper", "field age", "new",
    ),
    (
        put(*_schemas, "AnimalDto", "properties", "keepers", "items", value=TEXT),
        "class Animal", "field keepers", "changed",
    ),
    (
        put(*_schemas, "Wrapper", "properties", "_total", value={"type": "number"}),
        LIST, "answer _total", "new",
    ),
    (
        put(*_schemas, "Wrapper", "properties", "_links", "properties", "up", value=TEXT),
        "class PageLinks", "field up", "new",
    ),
    # Said in other ways of describing the same.
    (
        put(*_schemas, "FedAnimalDto",
            value={"oneOf": [{"$ref": "#/components/schemas/AnimalDto"},
                             {"type": "object", "properties": {"tail": TEXT}}]}),
        "class Animal", "field tail", "new",
    ),
    (
        put(*_schemas, "FeedDto", "properties", "kind", value={"type": ["string", "null"]}),
        FEED, "body kind", "changed",
    ),
    (
        put(*_feed, "responses", "201",
            value={"content": {"application/json": {"schema": {"properties": {"ear": TEXT}}}}}),
        "class Animal", "field ear", "new",
    ),
]  # fmt: skip


def test_no_drift() -> None:
    """A document and an SDK that agree give no finding: references, parts and pages are seen."""
    assert find_drift([document()], SDK) == []


@pytest.mark.parametrize(("change", "where", "part", "kind"), CHANGES)
def test_each_kind_of_change_is_found(change: Change, where: str, part: str, kind: Kind) -> None:
    """One change of the document is a finding that says where it is, and of which kind."""
    changed = document()
    change(changed)
    assert changed != document()
    found = find_drift([changed], SDK)
    assert (where, part, kind) in {(each.where, each.part, each.kind) for each in found}
    # No other part is blamed, but for Structs that can no longer be seen whole.
    assert {each.where for each in found} <= {where, "class Animal"}
    assert found == sorted(set(found))


def without(**changes: Any) -> tuple[SdkOperation, ...]:
    """Return the SDK with something else in its first operation."""
    return (replace(SDK[0], **changes), *SDK[1:])


@pytest.mark.parametrize(
    ("sdk", "where", "part", "kind"),
    [
        (SDK[1:], LIST, "route", "new"),
        (without(template="/zoo/other"), "GET /zoo/other", "route", "gone"),
        (without(parameters={}), LIST, "query _limit", "new"),
        (without(deprecated=True), LIST, "deprecated", "changed"),
        (without(returns=None), LIST, "answer", "new"),
        (without(returns=Any), LIST, "answer", "new"),
        (without(returns=tuple[str, ...]), LIST, "answer", "changed"),
        (without(body=dict[str, Any]), LIST, "body", "gone"),
    ],
)
def test_each_change_of_the_sdk_is_found(
    sdk: tuple[SdkOperation, ...], where: str, part: str, kind: Kind
) -> None:
    """One change of the SDK is a finding as well."""
    found = find_drift([document()], sdk)
    assert (where, part, kind) in {(each.where, each.part, each.kind) for each in found}


def test_what_is_described_but_taken_as_it_comes_is_found() -> None:
    """Where the SDK has an object of any fields, or anything, fields of the document are new."""
    free = replace(SDK[1], body=dict[str, Any], returns=Any)
    found = find_drift([document()], (SDK[0], free, *SDK[2:]))
    assert [(each.where, each.part, each.kind) for each in found[:2]] == [
        (FEED, "answer", "new"),
        (FEED, "body", "new"),
    ]
    changed = document()
    put(*_schemas, "FedAnimalDto", value={"type": "array", "items": TEXT})(changed)
    assert (FEED, "answer", "new") in {
        (each.where, each.part, each.kind)
        for each in find_drift([changed], (SDK[0], free, *SDK[2:]))
    }


def test_answers_of_reading_operations() -> None:
    """Operations that only read are expected to answer, described or not; JSON is enough."""
    changed = document()
    put(*_list, "responses", value={})(changed)
    for returns, kinds in ((None, ["changed"]), (Any, []), (SDK[0].returns, ["gone"])):
        found = find_drift([changed], without(returns=returns))
        assert [each.kind for each in found if each.where == LIST] == kinds


def test_only_what_the_documents_cover_is_judged() -> None:
    """Operations elsewhere are not missed, and the fields that they read are not called made up."""
    changed = document()
    remove(*_schemas, "FedAnimalDto", "properties", "lastMeal")(changed)
    elsewhere = SdkOperation("x.y", "GET", "/zoology/v1", {}, returns=SDK[1].returns)
    assert find_drift([changed], (*SDK, elsewhere)) == []


def test_a_finding_reads_well() -> None:
    """A finding says where, part, of which kind and why."""
    changed = document()
    put("paths", "/new", value={"get": {"responses": {}}})(changed)
    (found,) = find_drift([changed], SDK)
    assert str(found) == "GET /zoo/new: route (new): the SDK has no such operation"


ORDER: Final = Finding(LIST, "query _order", "changed", "words new: NONE")
REASON: Final = Explanation(LIST, "query _order", "changed", "seen", "it is refused")


@pytest.mark.parametrize(
    ("explanation", "explained"),
    [
        (REASON, True),
        (Explanation("GET /zoo/*", "query *", "changed", "spec", "r"), True),
        (Explanation("GET /zoo/*", "query *", "gone", "spec", "r"), False),
        (Explanation("POST /zoo/*", "query *", "changed", "spec", "r"), False),
        (Explanation(LIST, "query", "changed", "spec", "r"), False),
    ],
)
def test_explanations(explanation: Explanation, explained: bool) -> None:
    """An explanation covers its own findings, and no other kind, place or part."""
    left = unexplained([ORDER], [explanation], prefixes=["/zoo"], everything=True)
    assert (left == []) is explained
    assert (ORDER in left) is not explained


def test_idle_explanations_are_findings() -> None:
    """An explanation of nothing is found, if its document was looked at."""
    of_struct = Explanation("class Animal", "field legs", "gone", "spec", "r")
    both = [REASON, of_struct]
    left = unexplained([], both, prefixes=["/zoo"], everything=True)
    assert [(each.where, each.kind) for each in left] == [
        (LIST, "stale"),
        ("class Animal", "stale"),
    ]
    assert len(unexplained([], both, prefixes=["/zoo"], everything=False)) == 1
    assert unexplained([], both, prefixes=["/zo", "/zoo/animals/v1/x"], everything=False) == []


SOUND: Final = '"openapi": "3.0.0", "servers": [{"url": "https://x/zoo"}]'


@pytest.mark.parametrize(
    ("document_text", "code"),
    [
        ("", 2),
        ("[]", 2),
        ("{}", 2),
        ('{"openapi": "2.0", "paths": {"/a": {}}}', 2),
        ('{"openapi": "3.0.0", "paths": {"/a": {}}}', 2),
        (f'{{{SOUND}, "paths": {{}}}}', 2),
        (f'{{{SOUND}, "paths": {{"/a": {{"get": {{"parameters": [{{}}]}}}}}}}}', 2),
        (f'{{{SOUND}, "paths": {{"/a": {{"get": {{}}}}}}, "x": {{"$ref": "#/nowhere"}}}}', 2),
        (f'{{{SOUND}, "paths": {{"/a": {{"get": {{}}}}}}}}', 1),
    ],
)
def test_exit_codes(
    document_text: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 is for files that cannot be read, with the file's name; 1 is for findings."""
    path = tmp_path / "document.json"
    path.write_text(document_text)
    assert main([str(path)], sdk=SDK, explanations=()) == code
    out, err = capsys.readouterr()
    assert (str(path) in err) is (code == 2)
    assert ("GET /zoo/a: route (new)" in out) is (code == 1)


def test_exit_code_of_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 is for nothing found or all of it explained, and a missing file is not that."""
    path = tmp_path / "document.json"
    path.write_bytes(msgspec.json.encode(document()))
    assert main([str(path)], sdk=SDK, explanations=()) == 0
    assert main([str(path)], sdk=without(deprecated=True), explanations=()) == 1
    reason = Explanation(LIST, "deprecated", "changed", "doc", "r")
    assert main([str(path)], sdk=without(deprecated=True), explanations=(reason,)) == 0
    assert main([str(path)], sdk=SDK, explanations=(reason,)) == 1
    assert main([str(path), str(tmp_path / "missing")], sdk=SDK, explanations=()) == 2
    assert main([], sdk=SDK) == 2
    assert "0 to be looked at, 1 explained" in capsys.readouterr().out


@pytest.mark.parametrize("servers", [[], [{"url": "https://a/x"}, {"url": "https://a/y"}]])
def test_a_document_without_one_prefix(servers: list[dict[str, str]]) -> None:
    """Where servers do not share a path the operations' paths are unknown: an error."""
    with pytest.raises(DocumentError, match="path"):
        prefix_of({"servers": servers})


def test_every_reason_is_given() -> None:
    """The table of explanations says of each why, and says nothing twice."""
    assert all(each.reason and each.where and each.part for each in EXPLAINED)
    assert len({(each.where, each.part, each.kind) for each in EXPLAINED}) == len(EXPLAINED)


@needs_documents
def test_frontegg(capsys: pytest.CaptureFixture[str]) -> None:
    """Every difference between SDK and Frontegg's documents is explained."""
    code = main([str(SPECS / name) for name in NAMES])
    assert code == 0, capsys.readouterr().out


@needs_documents
@pytest.mark.parametrize("name", NAMES)
def test_hosts(name: str) -> None:
    """The hosts of the SDK's regions are those of the documents, all of them."""
    document = msgspec.json.decode((SPECS / name).read_bytes())
    prefix = prefix_of(document)
    hosts = {server["url"].removesuffix(prefix) for server in document["servers"]}
    assert {region.base_url for region in Region} == {host for host in hosts if "{" not in host}
