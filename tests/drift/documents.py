"""Operations as an OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from .shapes import DocumentError, FieldShape, Shape, either, resolve, shape_of_schema

METHODS: Final = ("get", "put", "post", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True)
class DocumentedOperation:
    """One operation of a document.

    Args:
        method: in capitals.
        template: path from the host, with ``{parameters}``.
        parameters: by where they stand (path, query, header) and name.
        body: of the request, None if it takes no body.
        answer: of a successful request, None if none is described.
        deprecated: True if it should not be used any more.
    """

    method: str
    template: str
    parameters: Mapping[tuple[str, str], FieldShape]
    body: Shape | None
    answer: Shape | None
    deprecated: bool


def prefix_of(document: Mapping[str, Any]) -> str:
    """Return the path of a document's servers, which stands before the paths of its operations.

    Raises:
        DocumentError: there is none that all servers share.
    """
    urls = [str(server["url"]) for server in document.get("servers", ())]
    found = {urlsplit(url).path.rstrip("/") for url in urls}
    if len(found) != 1:
        raise DocumentError(f"one path is wanted for all servers, found {sorted(found)}")
    return found.pop()


def covers(prefix: str, template: str) -> bool:
    """Return whether a path belongs to the document with this prefix."""
    return template == prefix or template.startswith(f"{prefix}/")


def operations_of(document: Mapping[str, Any]) -> Iterator[DocumentedOperation]:
    """Yield all operations of a document.

    Raises:
        DocumentError: it is no OpenAPI document of version 3.
    """
    if not str(document.get("openapi", "")).startswith("3.") or not document.get("paths"):
        raise DocumentError("it is no OpenAPI 3 document with paths")
    prefix = prefix_of(document)
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                template = prefix + path.rstrip("/")
                yield _operation(document, method.upper(), template, item, item[method])


def _operation(
    document: Mapping[str, Any],
    method: str,
    template: str,
    item: Mapping[str, Any],
    entry: Mapping[str, Any],
) -> DocumentedOperation:
    parameters: dict[tuple[str, str], FieldShape] = {}
    for reference in (*item.get("parameters", ()), *entry.get("parameters", ())):
        each = resolve(document, reference)
        shape = shape_of_schema(document, each.get("schema", {}))
        parameters[each["in"], each["name"]] = FieldShape(shape, each.get("required") is True)
    answers = [
        _content(document, answer)
        for status, answer in entry.get("responses", {}).items()
        if status.startswith("2")
    ]
    described = [answer for answer in answers if answer is not None]
    return DocumentedOperation(
        method=method,
        template=template,
        parameters=parameters,
        body=_content(document, entry.get("requestBody", {})),
        answer=either(described) if described else None,
        deprecated=entry.get("deprecated") is True,
    )


def _content(document: Mapping[str, Any], reference: Mapping[str, Any]) -> Shape | None:
    """Return the shape of a body, None if there is none; only JSON is looked into."""
    content = resolve(document, reference).get("content", {})
    if not content:
        return None
    return shape_of_schema(document, content.get("application/json", {}).get("schema", {}))
