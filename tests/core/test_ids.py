"""Ids: one check, wherever they go, before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontegg_async import ConfigurationError, FronteggSession, InvalidRequestError, Operation
from frontegg_async._core.checks import check_body
from frontegg_async._core.ids import id_problem, is_plain, placeholder_problem, text_problem
from frontegg_async.emulator import Emulator
from frontegg_async.endpoints import operations
from frontegg_async.models.invitations import CreateInvitationRequest
from frontegg_async.models.users import AddToTenantRequest, NewUser
from frontegg_async.operation import TenantHeader, UserHeader

pytestmark = pytest.mark.anyio

BAD = {
    " acme": "begins with a blank",
    "acme ": "ends with a blank",
    "acme\n": "ends with a blank",
    "acme\u200b": r"invisible character \(U\+200B\)",
    "ac\u00adme": "invisible character",
    "ac\u00a0me": "invisible character",
    "\ufeffacme": "invisible character",
    "ac\x1bme": "control character",
    "\ud800": "Unicode",
    "": "is empty",
    " ": "is empty",
    "..": "another path",
    "a/../b": "another path",
    "a" * 1_401: "longer",
}
Call = Callable[[FronteggSession, str], Awaitable[object]]
CALLS: dict[str, Call] = {
    "path": lambda session, bad: session.users.get(bad),
    "body": lambda session, bad: session.users.add_to_tenant("u", bad),
    "body of an update": lambda session, bad: session.users.set_active_tenant("u", bad),
    "list in a body": lambda session, bad: session.groups.add_users("g", [bad], tenant_id="t"),
    "tenant header": lambda session, bad: session.users.remove_from_tenant("u", bad),
    "query": lambda session, bad: anext(aiter(session.users.iterate(tenant_id=bad))),
    "list in a query": lambda session, bad: session.users.tenant_statuses(["u", bad]),
    "joined in a query": lambda session, bad: anext(aiter(session.users.iterate(ids=["u", bad]))),
}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: ascii(bad[:12]))
@pytest.mark.parametrize("place", CALLS)
async def test_a_bad_id_is_refused_before_anything_is_sent(
    emulator: Emulator, frontegg: FronteggSession, place: str, bad: str
) -> None:
    """Wherever an id goes in a single call, one that cannot be meant is an error that says why."""
    with pytest.raises(InvalidRequestError, match=BAD[bad]) as caught:
        await CALLS[place](frontegg, bad)
    assert emulator.count() == 0
    if len(bad.strip()) > 2:
        assert bad not in str(caught.value), "errors go to logs, and ids do not"


@pytest.mark.parametrize("bad", [" acme", "acme\u200b", "acme\n", ""])
async def test_views_and_settings(frontegg: FronteggSession, bad: str) -> None:
    """A view or a session with a bad id is rejected when it is made."""
    with pytest.raises(InvalidRequestError):
        frontegg.for_tenant(bad)
    with pytest.raises(InvalidRequestError):
        frontegg.for_application(bad)
    with pytest.raises(ConfigurationError):
        frontegg.with_options(headers={"frontegg-vendor-id": bad})
    for setting in ("client_id", "environment_id"):
        values: dict[str, Any] = {"client_id": "c", "api_key": "k", setting: bad}
        with pytest.raises(ConfigurationError, match=setting.replace("_", "[-_]")):
            FronteggSession(**values)


async def test_headers_of_a_call(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The user header and other headers with ids are checked like the tenant header."""
    with pytest.raises(InvalidRequestError, match="invisible"):
        await frontegg.me.get_tenants(user_id="u\u200b")
    operation: Operation[Any] = Operation(
        "a.b", "GET", "/a", dict, tenant=TenantHeader.OPTIONAL, user=UserHeader.OPTIONAL
    )
    with pytest.raises(InvalidRequestError, match="blank"):
        await frontegg.call(operation, headers={"frontegg-vendor-id": " a"})
    assert emulator.count() == 0


@pytest.mark.parametrize("bad", [" ann@x.test", "ann@x.test\u200b", "ann@x.test\n", "\t"])
async def test_addresses(emulator: Emulator, frontegg: FronteggSession, bad: str) -> None:
    """An e-mail address with a blank around it or an invisible character is rejected."""
    with pytest.raises(InvalidRequestError, match="email"):
        await frontegg.users.get_by_email(bad)
    with pytest.raises(InvalidRequestError, match="email"):
        await anext(aiter(frontegg.users.iterate(email=bad)))
    assert emulator.count() == 0
    with pytest.raises(InvalidRequestError, match="email"):
        check_body("users.invite", [NewUser(email="ann@x.test"), NewUser(email=bad)])


async def test_ids_joined_by_commas(emulator: Emulator, frontegg: FronteggSession) -> None:
    """An id with a comma is not asked for as two other ids."""
    with pytest.raises(InvalidRequestError, match="comma"):
        await anext(aiter(frontegg.users.iterate(ids=["u,v"])))
    assert emulator.count() == 0


@pytest.mark.parametrize(
    "good", ["acme", "Acme Corp", "caf\u00e9", "a.b~c", "x/y", "a,b", "\u5317"]
)
async def test_good_ids_are_sent(emulator: Emulator, frontegg: FronteggSession, good: str) -> None:
    """An id with blanks inside, or of any script, is sent as it is."""
    emulator.add_user("u-1")
    await frontegg.users.add_to_tenant("u-1", good, skip_invite_email=True)
    assert ("u-1", good) in emulator.memberships()


@given(st.text(max_size=12))
@example("a-b_c~d.e")
@example("-")
def test_the_quick_way_agrees(value: str) -> None:
    """A string that passes the quick check passes the full one, and an id is printable."""
    if is_plain(value):
        assert text_problem(value) is None
        assert id_problem(f"{value} x") is None
    if id_problem(value) is None:
        assert value.isprintable()
        assert value == value.strip() != ""


def test_what_may_clear_a_value() -> None:
    """An optional field may be empty or left out, and a needed one may be neither."""
    check_body("a.b", CreateInvitationRequest(tenant_id="t", user_id=""))
    refused: list[Any] = ["", None, 5]
    for tenant_id in refused:
        with pytest.raises(InvalidRequestError, match="tenant_id"):
            check_body("a.b", AddToTenantRequest(tenant_id=tenant_id))


def _structs(hint: Any) -> set[type[msgspec.Struct]]:
    found = {each for argument in getattr(hint, "__args__", ()) for each in _structs(argument)}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        fields = msgspec.structs.fields(hint)
        found |= {hint, *(each for field in fields for each in _structs(field.type))}
    return found


def _full(kind: type[msgspec.Struct], name: str, bad: object) -> msgspec.Struct:
    """Return a model with one bad field, whose others are not looked at by the check."""
    values = dict.fromkeys(kind.__struct_fields__, cast("Any", msgspec.UNSET))
    return kind(**{**values, name: bad})


def test_every_model_of_a_body_is_checked() -> None:
    """Each string of a body that is named an id, a list of ids or an address is checked."""
    models = {each for operation in operations() for each in _structs(operation.body)}
    checked = 0
    for model in models:
        for field in msgspec.structs.fields(model):
            if not field.encode_name.endswith(("Id", "Ids", "id", "ids", "mail", "mails")):
                continue
            if "str" not in str(field.type).replace("Struct", ""):
                continue
            bad = ("ok", "bad\u200b") if "tuple[str" in str(field.type) else "bad\u200b"
            with pytest.raises(InvalidRequestError, match=field.name):
                check_body("a.b", _full(model, field.name, bad))
            checked += 1
    assert checked > 80


@pytest.mark.parametrize(
    "value",
    [
        "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
        "#FIELD!", "#BLOCKED!", "#CONNECT!", "#GETTING_DATA", "#NV", "#BEZUG!", "#\u00dcBERLAUF!",
        "#\u00bfNOMBRE?", "#\u00a1REF!", "#N/D", "#######", "#ERROR!", "Err:502", "Loading...",
        "1.23457E+15", "1,23457E+15", "1.23457e15", "1E+15", "-2.5E-7", "12345.0", "nan", "NaN",
        "-nan", "NULL", "null", "(null)", "<null>", "\\N", "None", "<NA>", "NaT", "NA", "N/A",
        "undefined", "nil", "inf", "-Infinity", "[object Object]", "=VLOOKUP(A2;B:C;2)", "'=1+1",
        "#n/a", "Undefined",
    ],
)  # fmt: skip
def test_placeholders(value: str) -> None:
    """A placeholder of a missing value is named with the kind of program that writes it."""
    assert id_problem(value) is None
    problem = placeholder_problem(value)
    assert problem is not None
    assert any(
        writer in problem
        for writer in ("spreadsheet", "program", "database", "Python", "JavaScript", "pandas", "R")
    )


@pytest.mark.parametrize(
    "value",
    [
        "34a82e16-9a58-404d-8fee-1d4ca3700645", "acme", "nano", "nullable", "na", "none-such",
        "1e5", "12e5", "5e10a", "123456789012345", "1.2.3", "v1.0", "#1", "#general", "C#", "#",
        "=", "+1", "-1", "@acme", "'acme", "undefined-co", "e1", "Errol", "Lo", "00e0-1",
    ],
)  # fmt: skip
def test_names_that_only_look_like_it(value: str) -> None:
    """Names that are merely similar are no placeholders."""
    assert placeholder_problem(value) is None


def test_a_dict_is_no_item_of_a_body() -> None:
    """A dict in place of a Struct is an error that says which kind of value belongs there."""
    items: Any = [{"email": "ann@x.test"}]
    with pytest.raises(TypeError, match=r"must be Structs, .*, got dict"):
        check_body("users.invite", items)
