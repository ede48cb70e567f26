"""Structs as dicts, as JSON, and as pydantic sees them; none of it shows a secret."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from frontegg_async import (
    FronteggSession,
    InvalidRequestError,
    Page,
    Role,
    Tenant,
    User,
    UserTokens,
    models,
    with_response,
)
from frontegg_async._core.secret import Secret
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.models import RequestModel, ResponseModel
from frontegg_async.models.authentication import LoginRequest
from frontegg_async.models.sub_tenants import TenantTree
from frontegg_async.models.users import AddToTenantRequest

from ..support.routes import GET

CANARY = "canary-8d1f03"
USER = User(
    id="u1",
    email="ada@example.com",
    roles=(Role(id="r1", key="Admin"),),
    tenant_ids=("t1", "t2"),
    metadata={"code": "of the program's own"},
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)
TREE = TenantTree(tenant_id="a", children=(TenantTree(tenant_id="b", children=()),))
PAGE = Page[User](items=(USER,))


def all_structs() -> list[type[msgspec.Struct]]:
    for module in pkgutil.iter_modules(models.__path__, "frontegg_async.models."):
        importlib.import_module(module.name)

    def below(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
        for each in struct.__subclasses__():
            yield each
            yield from below(each)

    found = [*below(RequestModel), *below(ResponseModel)]
    return [each for each in found if each.__module__.startswith(models.__name__)]


# Dicts and JSON


@pytest.mark.parametrize("struct", [USER, TREE, AddToTenantRequest(tenant_id="t1")])
def test_there_and_back(struct: Any) -> None:
    """A Struct becomes JSON types under Frontegg's names, and the same Struct again."""
    kind: Any = cast("object", struct).__class__
    fields = struct.to_dict()
    assert kind.from_dict(fields) == kind.from_json(struct.to_json()) == struct
    assert kind.from_dict(json.loads(json.dumps(fields))) == struct
    assert json.loads(struct.to_json()) == json.loads(json.dumps(fields))


def test_names_are_those_of_the_api() -> None:
    """The names are those on the wire, and unknown ones are ignored on the way back."""
    fields = USER.to_dict()
    assert fields["createdAt"] == "2026-01-02T03:04:05Z"
    assert User.from_dict({**fields, "newField": 1}) == USER


NO_USERS: list[Any] = [{}, {"id": 5}, {"id": "u", "roles": [{}]}, []]


@pytest.mark.parametrize("document", NO_USERS)
def test_documents_of_something_else(document: Any) -> None:
    """A document that is not the Struct's is an error of this package that names the field."""
    with pytest.raises(InvalidRequestError, match="of a User"):
        User.from_dict(document)
    with pytest.raises(InvalidRequestError, match="of a User"):
        User.from_json(json.dumps(document))


@pytest.mark.parametrize("document", [b"", b"{", b"\xff", b"[" * 100_000])
def test_documents_that_are_no_json(document: bytes) -> None:
    """Bytes that are no JSON are an error of this package."""
    with pytest.raises(InvalidRequestError, match="of a User"):
        User.from_json(document)


@pytest.mark.anyio
async def test_unknown_fields_are_in_the_raw_response(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A field that a Struct does not know is read from the response beside it."""
    body = b'{"id": "user-0", "newField": {"a": 1}}'
    emulator.inject(AnswerStatus(200, body), on=GET)
    result = await with_response(frontegg.users.get("user-0"))
    assert result.value == User(id="user-0")
    assert json.loads(result.answers[-1].body)["newField"] == {"a": 1}


# Secrets


@pytest.mark.parametrize(
    "struct",
    [
        UserTokens(access_token=CANARY),
        Page[UserTokens](items=(UserTokens(refresh_token=CANARY),)),
    ],
)
def test_secrets_are_kept(struct: Any) -> None:
    """A Struct that holds a secret, however deep, is neither a dict nor JSON unless asked to."""
    adapter = TypeAdapter[Any](Page[UserTokens] if isinstance(struct, Page) else UserTokens)
    for convert in (struct.to_dict, struct.to_json, lambda: adapter.dump_python(struct)):
        with pytest.raises((TypeError, PydanticSerializationError), match="secret") as caught:
            convert()
        assert CANARY not in shown_below(caught.value)
    with pytest.raises(PydanticSerializationError, match="UserTokens holds a secret"):
        adapter.dump_json(struct)
    assert CANARY in str(struct.to_dict(secrets=True))
    assert CANARY.encode() in struct.to_json(secrets=True)


def test_wrapped_secrets() -> None:
    """A secret that a Struct holds wrapped is converted as a string, if asked to."""
    login = LoginRequest(email="a@x.io", password=cast("str", Secret(CANARY)))
    with pytest.raises(TypeError, match="LoginRequest holds a secret"):
        login.to_dict()
    assert login.to_dict(secrets=True) == {"email": "a@x.io", "password": CANARY}
    assert json.loads(login.to_json(secrets=True))["password"] == CANARY


def test_structs_without_their_secret() -> None:
    """A Struct that may hold a secret, and does not, is converted as any other."""
    assert UserTokens(expires_in=5).to_dict()["expiresIn"] == 5
    assert Tenant(tenant_id="t", country_code="DE").to_dict()["countryCode"] == "DE"


@pytest.mark.parametrize("wrong", [{"accessToken": CANARY, "expiresIn": []}])
def test_secrets_in_documents_of_something_else(wrong: Any) -> None:
    """The error of a document that is refused does not show the secrets in it."""

    class Login(BaseModel):
        tokens: UserTokens

    for refused in (
        lambda: UserTokens.from_dict(wrong),
        lambda: UserTokens.from_json(json.dumps(wrong)),
        lambda: TypeAdapter(UserTokens).validate_python(wrong),
        lambda: Login(tokens=wrong),
    ):
        with pytest.raises((InvalidRequestError, ValidationError)) as caught:
            refused()
        assert CANARY not in f"{caught.value} {caught.value!r}"
        if isinstance(caught.value, ValidationError):
            assert CANARY not in str(caught.value.errors())
        else:  # pydantic's own frames hold its input
            assert CANARY not in shown_below(caught.value)
    assert CANARY not in repr(Login(tokens=UserTokens(access_token=CANARY)))


def shown_below(error: BaseException) -> str:
    """Return a traceback with variables, without the frames of this file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    shown = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    return "".join(shown.format())


# pydantic


class Team(BaseModel):
    """A model of a program's own."""

    lead: User
    members: list[User] = []
    page: Page[User] | None = None


def test_fields_of_pydantic_models() -> None:
    """Structs are fields: taken as they are or from JSON types, written, and read again."""
    team = Team(lead=USER, page=PAGE)
    assert team.lead is USER
    assert Team.model_validate({"lead": USER.to_dict(), "page": PAGE.to_dict()}) == team
    assert Team.model_validate_json(team.model_dump_json()) == team
    assert Team.model_validate(team.model_dump()) == team
    assert team.model_dump(mode="json")["lead"] == json.loads(json.dumps(USER.to_dict()))
    short = team.model_dump(exclude_none=True, include={"lead": {"id", "tenantIds"}})
    assert short == {"lead": {"id": "u1", "tenantIds": ("t1", "t2")}}


def test_fields_that_are_not_sent() -> None:
    """A body without its optional fields is written without them."""
    body = AddToTenantRequest(tenant_id="t1")
    assert TypeAdapter(AddToTenantRequest).dump_python(body) == {"tenantId": "t1"}


def test_errors_of_pydantic_models() -> None:
    """What is refused is named by its place within the document."""
    with pytest.raises(ValidationError) as caught:
        Team.model_validate({"lead": {"id": "u", "roles": [{"id": "r"}, {}]}, "members": [5]})
    errors = [(error["loc"], error["msg"]) for error in caught.value.errors()]
    assert errors == [
        (("lead", "roles", 1), "Object missing required field `id`"),
        (("members", 0), "Expected `object`, got `int`"),
    ]


def test_unions_of_structs() -> None:
    """A union is written by the Struct that it holds."""
    adapter = TypeAdapter[Any](User | Tenant)
    tenant = Tenant(tenant_id="t1")
    assert json.loads(adapter.dump_json(tenant, exclude_none=True))["tenantId"] == "t1"
    assert adapter.dump_python(USER, exclude_none=True)["id"] == "u1"


def test_json_schemas() -> None:
    """A JSON schema shows the fields under Frontegg's names, each Struct once, trees too."""
    schema = TypeAdapter(Page[User]).json_schema(mode="serialization")
    assert schema["properties"]["items"]["items"] == {"$ref": "#/$defs/User"}
    user = schema["$defs"]["User"]
    assert user["required"] == ["id"]
    assert user["properties"]["createdAt"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert user["description"].startswith("A user.")
    children = TypeAdapter(TenantTree).json_schema()["$defs"]["TenantTree"]["properties"]
    assert children["children"]["anyOf"][0]["items"] == {"$ref": "#/$defs/TenantTree"}


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_all_structs_have_a_schema(mode: Any) -> None:
    """Pydantic understands every Struct, and shows each of its fields."""
    structs = all_structs()
    assert len(structs) > 300
    for struct in structs:
        schema = TypeAdapter(struct).json_schema(mode=mode)
        own = schema["$defs"][struct.__name__] if "$ref" in schema else schema
        names = [field.encode_name for field in msgspec.structs.fields(struct)]
        assert list(own.get("properties", {})) == names


def test_pydantic_is_not_imported() -> None:
    """Neither the package nor its Structs import pydantic by themselves."""
    program = (
        "import sys, frontegg_async, frontegg_async.models.users as users\n"
        "users.User.from_dict(users.User(id='u').to_dict())\n"
        "assert not {'pydantic', 'pydantic_core'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
