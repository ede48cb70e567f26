"""Seeds: users, tenants and roles from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontegg_async.emulator import Emulator, SeedError
from frontegg_async.emulator.seed import parse_seed

from ..support.suites import files_of
from .conftest import Connect

WHOLE: dict[str, Any] = {
    "roles": [
        {"key": "Admin", "name": "Boss", "level": 1, "permissions": ["a.read", "a.write"]},
        {"key": "Member", "isDefault": True},
    ],
    "tenants": [
        {"id": "acme", "name": "Acme", "metadata": {"plan": 42}},
        {"id": "labs", "parent": "acme"},
    ],
    "users": [
        {
            "id": "ada",
            "email": "Ada@x.io",
            "name": "Ada",
            "password": "pw",
            "tenants": [{"id": "labs", "roles": ["Member"]}, "acme"],
            "roles": ["Admin"],
            "superUser": True,
            "metadata": {"theme": "dark"},
        },
        {"email": "bob@x.io", "locked": True, "verified": False, "tenants": ["acme"]},
    ],
}


def written(folder: Path, content: object) -> Path:
    """Write a seed into a file."""
    file = folder / "seed.json"
    file.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))
    return file


@pytest.mark.anyio
async def test_the_api_shows_it(tmp_path: Path, connect: Connect) -> None:
    """The API shows the roles, tenants and users of a seed as the file has them."""
    async with connect(seed=written(tmp_path, WHOLE)) as api:
        roles = (await api.send("GET", "/identity/resources/roles/v1")).json
        permissions = (await api.send("GET", "/identity/resources/permissions/v1")).json
        by_id = {each["id"]: each["key"] for each in permissions}
        shown = {each["key"]: [by_id[id_] for id_ in each["permissions"]] for each in roles}
        assert shown == {"Admin": ["a.read", "a.write"], "Member": ["permission-Member"]}
        assert {each["name"] for each in roles} == {"Boss", "Member"}
        (acme,) = (await api.send("GET", "/tenants/resources/tenants/v1/acme")).json
        assert (acme["name"], msgspec.json.decode(acme["metadata"])) == ("Acme", {"plan": 42})
        tree = await api.send("GET", "/tenants/resources/hierarchy/v1", frontegg_tenant_id="acme")
        assert "labs" in tree.body.decode()
        user = api.emulator.user("ada")
        assert (user.active_tenant, user.super_user) == ("labs", True)
        held = {tenant: user.roles_in(tenant) for tenant in user.tenants}
        assert held == {"labs": ("role-Member",), "acme": ("role-Admin",)}
        login = {"email": "ada@x.io", "password": "pw"}
        assert (await api.send("POST", "/identity/resources/auth/v1/user", login)).status == 200


def test_an_id_that_is_not_given_stays_the_same(tmp_path: Path) -> None:
    """A user without an id has the same one in every emulator, whatever the case of the address."""
    first = Emulator(seed=written(tmp_path, WHOLE)).memberships()
    users = [{"email": "BOB@x.io", "tenants": ["acme"]}]
    again = Emulator(seed=written(tmp_path, {"users": users})).memberships()
    assert again == first - {("ada", "labs"), ("ada", "acme")}


@pytest.mark.parametrize(
    ("text", "line", "field", "reason"),
    [
        ('{"users": [\n  {"id": "a"},\n  {"id": 3}]}', 3, "users[1].id", "Expected `str | null`"),
        ('{"users": [\n {"id": "a",\n  "emial": ""}]}', 3, "users[0].emial", "unknown field"),
        ('{"tenants": [{"id": "a"},\n {"id": "a"}]}', 2, "tenants[1].id", "'a' is there twice"),
        ('{"users": [{"id": "a", "email": "a"}]}', 1, "users[0].email", "has an @"),
        ('{"users": [{"name": "a"}]}', 1, "users[0]", "needs an id or an email"),
        ('{"users": [{"email": "a@x"}, {"email": "A@x"}]}', 1, "users[1].id", "there twice"),
        ('{"users": [{"id": "a", "tenants": ["t", "t"]}]}', 1, "users[0].tenants[1]", "twice"),
        (
            '{"roles": [],\n "users": [{"id": "a", "tenants": [\n  {"id": "t", "roles": ["R"]}]}]}',
            3,
            "users[0].tenants[0].roles[0]",
            "the file lists no role 'R'",
        ),
        (
            '{"users": [\n{"id": "a", "tenants": ["t"]}], "tenants": [{"id": "u"}]}',
            2,
            "users[0].tenants[0]",
            "the file lists no tenant 't'",
        ),
        (
            '{"tenants": [{"id": "a", "parent": "b"},\n{"id": "b", "parent": "a"}]}',
            1,
            "tenants[0].parent",
            "above itself",
        ),
        ('{"tenants": [{"id": "a", "parent": "b"}]}', 1, "tenants[0].parent", "no tenant 'b'"),
        ('{"users": [\n{"id": "a",]}', 2, "", "not JSON"),
        ('{"users":\n\n', 3, "", "not JSON"),
        ("[]", 1, "", "Expected `object`"),
        ('{"users": [{"password": ""}]}', 1, "users[0].password", "length >= 1"),
    ],
)
def test_mistakes(text: str, line: int, field: str, reason: str) -> None:
    """The error of a mistake names the file, the line, the field and the reason."""
    with pytest.raises(SeedError) as raised:
        parse_seed(text.encode(), "seed.json")
    error = raised.value
    assert (error.file, error.line, error.field) == ("seed.json", line, field)
    assert reason in error.reason
    assert str(error).startswith(f"seed.json, line {line}: ")


def test_the_mistake_of_the_page(tmp_path: Path) -> None:
    """The message that docs/testing.md shows is the one of its seed with that mistake."""
    text = files_of("testing.md")["seeded/frontegg.json"].replace(
        '"roles": ["Vie', '"roles": ["Vei'
    )
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
    with pytest.raises(SeedError) as raised:
        parse_seed(text.encode(), "frontegg.json")
    assert f"```text\n{raised.value}\n```" in page


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that cannot be read is a SeedError that names it."""
    with pytest.raises(SeedError, match=r"missing\.json: No such file"):
        Emulator(seed=tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("taken", "field"),
    [
        ({"roles": [{"key": "Admin"}]}, "roles[0].key"),
        ({"tenants": [{"id": "new"}, {"id": "acme"}]}, "tenants[1].id"),
        ({"tenants": [{"id": "new"}], "users": [{"id": "ada"}]}, "users[0].id"),
        (
            {"tenants": [{"id": "new"}], "users": [{"id": "u", "email": "ADA@x.io"}]},
            "users[0].email",
        ),
    ],
)
def test_nothing_of_a_seed_that_does_not_fit(taken: object, field: str, tmp_path: Path) -> None:
    """A seed that names something that exists sets nothing up."""
    emulator = Emulator(seed=written(tmp_path, WHOLE))
    before = emulator.memberships(), set(emulator.tenants)
    with pytest.raises(SeedError, match="exists already") as raised:
        emulator.seed(written(tmp_path, taken))
    assert raised.value.field == field
    assert (emulator.memberships(), set(emulator.tenants)) == before


def test_no_password_in_errors_and_reprs(tmp_path: Path) -> None:
    """Neither an error of a seed nor its users show a password."""
    users = [{"id": "a", "password": "canary"}, {"id": "a", "password": "canary"}]
    for content in ({"users": users}, {"users": [{"id": "a", "password": ["canary"]}]}):
        with pytest.raises(SeedError) as raised:
            parse_seed(msgspec.json.encode(content), "seed.json")
        assert "canary" not in f"{raised.value} {raised.value!r}"


_names = st.text('abc"\\{}[],:\n\té', min_size=1, max_size=4)


@settings(max_examples=40)
@given(
    st.lists(st.dictionaries(_names, st.lists(_names, max_size=2) | st.integers(), max_size=3)),
    st.data(),
)
def test_the_line_is_right_in_any_layout(before: list[dict[str, Any]], data: st.DataObject) -> None:
    """The line of a mistake is found whatever stands before it, and however it is laid out."""
    users = [{"id": str(n), "metadata": each} for n, each in enumerate(before)]
    whole = msgspec.json.format(msgspec.json.encode({"users": [*users, {}]}), indent=2).decode()
    head = whole[: whole.rindex("{")] + data.draw(st.text(" \n\t", max_size=4))
    with pytest.raises(SeedError) as raised:
        parse_seed((head + '{"id": 1}]}').encode(), "seed.json")
    assert raised.value.field == f"users[{len(users)}].id"
    assert raised.value.line == head.count("\n") + 1
