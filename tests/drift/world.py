"""A small API and its true document, for tests that make it untrue."""

from __future__ import annotations

import json
from typing import Any, Final, Literal, cast

from msgspec import UNSET, UnsetType

from frontegg_async.models import RequestModel, ResponseModel
from frontegg_async.models._base import Id
from frontegg_async.models.paging import Page

from .sdk import SdkOperation, Use

LIST: Final = "GET /zoo/animals/v1"
FEED: Final = "POST /zoo/animals/v1/{animalId}/feed"
FREE: Final = "DELETE /zoo/animals/v1/{animalId}"


class Keeper(ResponseModel, frozen=True, kw_only=True):
    """Part of an answer, which holds itself."""

    name: str | None = None
    superior: Keeper | None = None


class Animal(ResponseModel, frozen=True, kw_only=True):
    """An answer of two operations."""

    id: Id
    legs: int | float | None = None
    keepers: tuple[Keeper, ...] | None = None
    last_meal: str | None = None


class Dish(RequestModel, frozen=True, kw_only=True):
    """Part of a body."""

    name: str
    warm: bool | UnsetType = UNSET


class FeedRequest(RequestModel, frozen=True, kw_only=True):
    """A body."""

    kind: Literal["meat", "hay"]
    dishes: tuple[Dish, ...]
    note: str | UnsetType | None = UNSET


SDK: Final = (
    SdkOperation(
        "animals.iterate",
        "GET",
        "/zoo/animals/v1",
        {
            ("query", "_limit"): Use(required=False, always=True, kind="number"),
            ("query", "_order"): Use(
                required=False, always=False, kind="string", words=frozenset({"ASC", "DESC"})
            ),
            ("query", "ids"): Use(required=True, always=True, kind="array"),
            ("header", "frontegg-tenant-id"): Use(required=True, always=True),
        },
        returns=Page[Animal],
    ),
    SdkOperation(
        "animals.feed",
        "POST",
        "/zoo/animals/v1/{animalId}/feed",
        {("path", "animalId"): Use(required=True, always=True)},
        body=FeedRequest,
        returns=Animal,
    ),
    SdkOperation(
        "animals.free",
        "DELETE",
        "/zoo/animals/v1/{animalId}",
        {("path", "animalId"): Use(required=True, always=True)},
    ),
    SdkOperation(
        "animals.move",
        "DELETE",
        "/zoo/animals/v1/{animalId}",
        {
            ("path", "animalId"): Use(required=True, always=True),
            ("header", "frontegg-tenant-id"): Use(required=True, always=True),
        },
    ),
)
"""The last two share a route, as removing and deleting a user do."""


def _answer(schema: dict[str, Any] | None) -> dict[str, Any]:
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"200": {"description": "", **content}, "400": _ERROR}


def _parameter(
    where: str, name: str, schema: dict[str, Any], *, required: bool = False
) -> dict[str, Any]:
    return {"in": where, "name": name, "schema": schema, "required": required}


_ERROR: Final = {"content": {"application/json": {"schema": {"type": "boolean"}}}}
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_TENANT: Final = "frontegg-tenant-id"
_DOCUMENT: Final = {
    "openapi": "3.0.0",
    "servers": [{"url": "https://api.test/zoo"}, {"url": "https://{domain}.test/zoo"}],
    "paths": {
        "/animals/v1": {
            "parameters": [_parameter("header", _TENANT, _TEXT, required=True)],
            "get": {
                "parameters": [
                    _parameter("query", "_limit", {"type": "number"}),
                    _parameter("query", "_order", {"type": "string", "enum": ["ASC", "DESC"]}),
                    _parameter("query", "ids", {"type": "array", "items": _TEXT}, required=True),
                ],
                "responses": _answer(
                    {
                        "allOf": [
                            {"$ref": "#/components/schemas/Wrapper"},
                            {
                                "properties": {
                                    "items": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/AnimalDto"},
                                    }
                                }
                            },
                        ]
                    }
                ),
            },
        },
        "/animals/v1/{animalId}": {
            "parameters": [_parameter("path", "animalId", _TEXT, required=True)],
            "delete": {
                "parameters": [_parameter("header", _TENANT, _TEXT)],
                "responses": _answer(None),
            },
        },
        "/animals/v1/{animalId}/feed": {
            "post": {
                "parameters": [_parameter("path", "animalId", _TEXT, required=True)],
                "requestBody": {"$ref": "#/components/requestBodies/Feed"},
                "responses": _answer({"$ref": "#/components/schemas/FedAnimalDto"}),
            }
        },
    },
    "components": {
        "requestBodies": {
            "Feed": {
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/FeedDto"}}
                }
            }
        },
        "schemas": {
            "Wrapper": {
                "type": "object",
                "properties": {
                    "_links": {
                        "type": "object",
                        "properties": dict.fromkeys(("next", "prev", "first", "last"), _TEXT),
                    },
                    "_metadata": {
                        "type": "object",
                        "properties": dict.fromkeys(("totalItems", "totalPages"), _NUMBER),
                    },
                },
            },
            "KeeperDto": {
                "type": "object",
                "properties": {
                    "name": _TEXT,
                    "superior": {"$ref": "#/components/schemas/KeeperDto"},
                },
            },
            "AnimalDto": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": _TEXT,
                    "legs": {"type": "integer"},
                    "keepers": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/KeeperDto"},
                    },
                },
            },
            "FedAnimalDto": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": _TEXT, "lastMeal": {**_TEXT, "format": "date-time"}},
            },
            "DishDto": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": _TEXT, "warm": {"type": "boolean"}},
            },
            "FeedDto": {
                "type": "object",
                "required": ["kind", "dishes"],
                "properties": {
                    "kind": {"type": "string", "enum": ["meat", "hay"]},
                    "dishes": {"type": "array", "items": {"$ref": "#/components/schemas/DishDto"}},
                    "note": {"type": "string", "nullable": True},
                },
            },
        },
    },
}  # fmt: skip


def document() -> dict[str, Any]:
    """Return a document of the API that may be changed."""
    return cast("dict[str, Any]", json.loads(json.dumps(_DOCUMENT)))


def at(found: Any, *steps: str | int) -> Any:
    """Return the part of a document that these steps lead to."""
    for step in steps:
        found = found[step]
    return found
