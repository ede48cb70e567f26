"""Users: added, read, changed, disabled, invited, created and deleted."""

import pytest

from frontegg_async.emulator import DuplicateAdd, ForeignTenant, Invite

from .api import USERS, VENDOR_ONLY, Api, Result
from .conftest import Connect

pytestmark = pytest.mark.anyio

USERS_V2 = "/identity/resources/users/v2"
TENANTS_USERS = "/identity/resources/tenants/users/v1"
TEMPORARY = "/identity/resources/users/temporary/v1"


async def test_adding_creates_tenant_membership_and_invite(api: Api) -> None:
    """An add answers 201 with the user, makes the unknown tenant, and invites once."""
    api.emulator.add_user("u", email="u@x.io")
    result = await api.add("u", "t")
    assert result.status == 201
    assert result.json["id"] == "u"
    assert result.json["tenantIds"] == ["t"]
    assert result.json["tenantId"] == "t"
    assert result.json["tenants"] == [{"tenantId": "t", "isDisabled": False, "roles": []}]
    assert api.emulator.memberships() == {("u", "t")}
    assert list(api.emulator.tenants) == ["t"]
    assert api.emulator.invites == [Invite("u", "t", "u@x.io")]
    assert api.emulator.user("u").tenants == {"t": "PendingInvitation"}


async def test_skipping_the_invite_sends_none(api: Api) -> None:
    """SkipInviteEmail adds the user without an e-mail."""
    api.emulator.add_user("u")
    assert (await api.add("u", "t", skipInviteEmail=True)).status == 201
    assert api.emulator.invites == []


@pytest.mark.parametrize(
    ("policy", "status", "invites"),
    [
        (DuplicateAdd.CREATED, 201, 1),
        (DuplicateAdd.CREATED_AND_INVITES, 201, 2),
        (DuplicateAdd.CONFLICT, 409, 1),
        (DuplicateAdd.BAD_REQUEST, 400, 1),
    ],
)
async def test_adding_twice_follows_the_policy(
    connect: Connect, policy: DuplicateAdd, status: int, invites: int
) -> None:
    """The second add of a membership answers and invites as each policy says."""
    async with connect(duplicate_add=policy) as api:
        api.emulator.add_user("u")
        await api.add("u", "t")
        assert (await api.add("u", "t")).status == status
        assert len(api.emulator.invites) == invites
        assert api.emulator.memberships() == {("u", "t")}


async def test_a_tenant_is_validated_if_the_request_asks_for_it(api: Api) -> None:
    """ValidateTenantExist rejects unknown tenants and lets known ones pass."""
    api.emulator.add_user("u")
    api.emulator.add_tenant("known", name="Known")
    assert (await api.add("u", "unknown", validateTenantExist=True)).status == 404
    assert (await api.add("u", "known", validateTenantExist=True)).status == 201
    assert list(api.emulator.tenants) == ["known"]


async def test_a_tenant_is_validated_if_the_emulator_is_told_to(connect: Connect) -> None:
    """validate_tenants rejects unknown tenants also if the request does not ask for it."""
    async with connect(validate_tenants=True) as api:
        api.emulator.add_user("u")
        assert (await api.add("u", "t", validateTenantExist=False)).status == 404


@pytest.mark.parametrize(
    "body", [{}, {"tenantId": 7}, {"tenantId": ""}, {"tenantId": "t", "skipInviteEmail": "yes"}]
)
async def test_a_bad_body_is_rejected_and_does_nothing(api: Api, body: object) -> None:
    """Bodies of the wrong shape get 400 with a message."""
    api.emulator.add_user("u")
    result = await api.send("POST", f"{USERS}/u/tenant", body)
    assert result.status == 400
    assert result.json["errors"]
    assert not api.emulator.memberships()


async def test_a_body_without_its_content_type_is_no_body(api: Api) -> None:
    """JSON that does not say it is JSON is not read."""
    api.emulator.add_user("u")
    body = b'{"tenantId": "t"}'
    result = await api.send("POST", f"{USERS}/u/tenant", body, Content_Type="text/plain")
    assert result.status == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{USERS}/nobody/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/nobody/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/nobody/superuser", {"superUser": True}),
        ("POST", f"{USERS}/nobody/lock", None),
        ("POST", f"{USERS}/nobody/unlock", None),
        ("DELETE", f"{USERS}/nobody", None),
        ("GET", f"{VENDOR_ONLY}/nobody", None),
        ("GET", f"{USERS}/email?email=nobody%40x.io", None),
        ("PUT", f"{USERS}/nobody", {"name": "N"}),
        ("PUT", f"{USERS}/nobody/email", {"email": "n@x.io"}),
        ("PUT", f"{USERS}/nobody/invisible", {"invisible": True}),
        ("POST", f"{USERS}/nobody/verify", None),
        ("POST", f"{USERS}/nobody/links/generate-activation-token", None),
        ("POST", f"{USERS}/nobody/links/generate-password-reset-token", None),
        ("PUT", "/identity/resources/sub-tenants/users/v1/nobody/access", {"allowAccess": True}),
        ("PUT", f"{TEMPORARY}/nobody", {"expirationInSeconds": 300}),
        ("DELETE", f"{TEMPORARY}/nobody", None),
    ],
)
async def test_unknown_users_are_not_found(api: Api, method: str, path: str, body: object) -> None:
    """Every operation on a missing user gets 404 and creates no tenant."""
    assert (await api.send(method, path, body)).status == 404
    assert not api.emulator.tenants


async def test_implicit_users_exist_once_they_are_named(connect: Connect) -> None:
    """With implicit users an add of an unknown user creates the user."""
    async with connect(implicit_users=True) as api:
        assert (await api.add("whoever", "t")).status == 201
        assert api.emulator.memberships() == {("whoever", "t")}


async def test_the_active_tenant_of_a_member_changes(api: Api) -> None:
    """Setting the active tenant answers 200 with it and leaves memberships alone."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    result = await api.send("PUT", f"{USERS}/u/tenant", {"tenantId": "b"})
    assert (result.status, result.json["tenantId"]) == (200, "b")
    assert result.json["tenantIds"] == ["a", "b"]


@pytest.mark.parametrize(
    ("policy", "status", "active", "members"),
    [
        (ForeignTenant.JOIN, 200, "b", {("u", "a"), ("u", "b")}),
        (ForeignTenant.SWITCH_ONLY, 200, "b", {("u", "a")}),
        (ForeignTenant.REFUSE, 400, "a", {("u", "a")}),
    ],
)
async def test_a_foreign_active_tenant_follows_the_policy(
    connect: Connect, policy: ForeignTenant, status: int, active: str, members: set[object]
) -> None:
    """Setting a tenant active that the user is no member of does as each policy says."""
    async with connect(foreign_tenant=policy) as api:
        api.emulator.add_user("u", tenant_ids=["a"])
        result = await api.send("PUT", f"{USERS}/u/tenant", {"tenantId": "b"})
        assert result.status == status
        assert api.emulator.user("u").active_tenant == active
        assert api.emulator.memberships() == members
        assert api.emulator.invites == []


async def test_superuser_is_set_and_taken_back(api: Api) -> None:
    """Both values of superUser arrive and are answered."""
    api.emulator.add_user("u")
    for value in (True, False):
        result = await api.send("PUT", f"{USERS}/u/superuser", {"superUser": value})
        assert (result.status, result.json["superUser"]) == (200, value)
        assert api.emulator.user("u").super_user is value


async def test_locking_answers_an_empty_body(api: Api) -> None:
    """Lock and unlock change the user and answer 200 with nothing in it."""
    api.emulator.add_user("u")
    for verb, locked in (("lock", True), ("unlock", False)):
        result = await api.send("POST", f"{USERS}/u/{verb}")
        assert (result.status, result.body) == (200, b"")
        assert api.emulator.user("u").locked is locked


async def test_deleting_with_a_tenant_leaves_the_others(api: Api) -> None:
    """DELETE with the tenant header ends that membership and moves the active tenant on."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    result = await api.send("DELETE", f"{USERS}/u", frontegg_tenant_id="a")
    assert (result.status, result.body) == (200, b"")
    assert api.emulator.memberships() == {("u", "b")}
    assert api.emulator.user("u").active_tenant == "b"
    again = await api.send("DELETE", f"{USERS}/u", frontegg_tenant_id="a")
    assert again.status == 404


async def test_deleting_without_a_tenant_deletes_everywhere(api: Api) -> None:
    """DELETE without the tenant header removes the user and frees the address."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["a", "b"])
    assert (await api.send("DELETE", f"{USERS}/u")).status == 200
    assert api.emulator.memberships() == set()
    with pytest.raises(KeyError):
        api.emulator.user("u")
    assert (await api.send("GET", f"{USERS}/email?email=u@x.io")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{USERS}/u/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/u/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/u/superuser", {"superUser": True}),
        ("GET", f"{VENDOR_ONLY}/u", None),
    ],
)
async def test_environment_routes_reject_a_tenant_header(
    api: Api, method: str, path: str, body: object
) -> None:
    """Routes for the environment alone get 403 with the message seen, and do nothing."""
    api.emulator.add_user("u")
    result = await api.send(method, path, body, frontegg_tenant_id="t")
    assert result.status == 403
    assert result.json["errors"] == ["Tenant ID is defined - forbidden route for tenants"]
    assert not api.emulator.memberships()


async def test_reading_in_a_tenant_needs_the_tenant(api: Api) -> None:
    """GET users/v1/{id} gets 403 without the header, 404 in a foreign tenant, else the user."""
    api.emulator.add_user("u", tenant_ids=["t"])
    missing = await api.send("GET", f"{USERS}/u")
    foreign = await api.send("GET", f"{USERS}/u", frontegg_tenant_id="other")
    found = await api.send("GET", f"{USERS}/u", frontegg_tenant_id="t")
    assert (missing.status, missing.json["errors"]) == (403, ["Tenant ID is not specified"])
    assert (foreign.status, found.status) == (404, 200)


async def test_roles_are_ids_in_roles_and_objects_in_users(api: Api) -> None:
    """A user's roles hold permission ids while the user holds permission objects."""
    api.emulator.add_user("u", tenant_ids=["t"], roles=["Admin"])
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    assert user["roles"][0]["permissions"] == [user["permissions"][0]["id"]]
    assert user["tenants"][0]["roles"] == user["roles"]


async def test_a_user_is_found_by_email_in_any_case(api: Api) -> None:
    """Addresses are compared without regard to case, and no address is a 400."""
    api.emulator.add_user("u", email="U@x.io")
    assert (await api.send("GET", f"{USERS}/email?email=u%40X.io")).json["id"] == "u"
    assert (await api.send("GET", f"{USERS}/email")).status == 400


async def test_inviting_creates_or_adds(api: Api) -> None:
    """POST users/v1 makes a user in the header's tenant, and adds an existing one to another."""
    body = {"email": "new@x.io", "name": "New", "roleIds": ["role-Admin"]}
    assert (await api.send("POST", USERS, body)).status == 403
    first = await api.send("POST", USERS, body, frontegg_tenant_id="a")
    second = await api.send("POST", USERS, body, frontegg_tenant_id="b")
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] == second.json["id"]
    assert first.json["roles"] == ["role-Admin"]
    assert list(api.emulator.user(first.json["id"]).tenants) == ["a", "b"]
    assert len(api.emulator.invites) == 2


async def test_creating_as_the_vendor_takes_an_address_once(api: Api) -> None:
    """POST vendor-only/users/v1 makes a user without an invite, and rejects the address again."""
    body = {"email": "new@x.io", "tenantId": "t", "mfaBypass": True, "externalId": "x1"}
    result = await api.send("POST", VENDOR_ONLY, body)
    assert result.status == 201
    assert (result.json["mfaBypass"], result.json["externalId"]) == (True, "x1")
    assert api.emulator.invites == []
    assert (await api.send("POST", VENDOR_ONLY, body)).status == 409


async def test_an_id_cannot_be_set_up_twice(api: Api) -> None:
    """Setting a user up under an id in use is the caller's mistake."""
    api.emulator.add_user("u")
    with pytest.raises(ValueError, match="already"):
        api.emulator.add_user("u")


async def _get(api: Api, user_id: str = "u") -> Result:
    return await api.send("GET", f"{VENDOR_ONLY}/{user_id}")


async def test_an_update_changes_what_it_names(api: Api) -> None:
    """PUT answers 200 with the user, leaves the rest alone, and knows null for the picture only."""
    api.emulator.add_user("u", name="Old")
    body = {
        "name": "New",
        "phoneNumber": "+49",
        "metadata": '{"a": 1}',
        "vendorMetadata": "{}",
        "mfaBypass": True,
        "externalId": "x",
        "profilePictureUrl": "https://x.io/p.png",
    }
    changed = await api.send("PUT", f"{USERS}/u", body)
    assert changed.status == 200
    assert {name: changed.json[name] for name in body} == body
    cleared = await api.send("PUT", f"{USERS}/u", {"profilePictureUrl": None})
    assert (cleared.json["profilePictureUrl"], cleared.json["name"]) == (None, "New")
    assert (await api.send("PUT", f"{USERS}/u", {"name": None})).status == 400


async def test_an_address_changes_and_leads_to_the_user(api: Api) -> None:
    """After PUT email the new address finds the user, and the old one is free."""
    api.emulator.add_user("u", email="old@x.io")
    api.emulator.add_user("v", email="v@x.io")
    changed = await api.send("PUT", f"{USERS}/u/email", {"email": "new@x.io"})
    assert (changed.status, changed.json["email"]) == (200, "new@x.io")
    for email, status in (("new@x.io", 200), ("old@x.io", 404)):
        assert (await api.send("GET", f"{USERS}/email?email={email}")).status == status
    assert (await api.send("PUT", f"{USERS}/u/email", {"email": "V@x.io"})).status == 409
    assert (await api.send("PUT", f"{USERS}/v/email", {"email": "V@x.io"})).status == 200
    assert (await api.send("PUT", f"{USERS}/u/email", {"email": "nonsense"})).status == 400


async def test_flags_of_a_user(api: Api) -> None:
    """Invisible, verified and access to sub-tenants are set and shown."""
    user_id = (await api.send("POST", VENDOR_ONLY, {"email": "u@x.io", "tenantId": "t"})).json["id"]
    hidden = await api.send("PUT", f"{USERS}/{user_id}/invisible", {"invisible": True})
    assert (hidden.status, hidden.json["invisible"]) == (200, True)
    verified = await api.send("POST", f"{USERS}/{user_id}/verify")
    target = f"/identity/resources/sub-tenants/users/v1/{user_id}/access"
    allowed = await api.send("PUT", target, {"allowAccess": True})
    for result in (verified, allowed):
        assert (result.status, result.body) == (200, b"")
    user = (await _get(api, user_id)).json
    assert (user["verified"], user["subAccountAccessAllowed"]) == (True, True)


async def test_a_user_is_disabled_in_one_tenant(api: Api) -> None:
    """Disable and enable change the membership of the tenant header, and no other."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    for verb, disabled in (("disable", True), ("enable", False)):
        target = f"{TENANTS_USERS}/u/{verb}"
        result = await api.send("POST", target, frontegg_tenant_id="b")
        assert (result.status, result.body) == (200, b"")
        user = (await _get(api)).json
        shown = {each["tenantId"]: each["isDisabled"] for each in user["tenants"]}
        assert shown == {"a": False, "b": disabled}
        assert (await api.send("POST", target)).status == 403
        assert (await api.send("POST", target, frontegg_tenant_id="c")).status == 404


async def test_links_differ_and_say_whose_they_are(api: Api) -> None:
    """Each link has a token of its own, and no e-mail goes out."""
    api.emulator.add_user("u")
    tokens: set[str] = set()
    for kind in ("activation", "password-reset", "activation"):
        result = await api.send("POST", f"{USERS}/u/links/generate-{kind}-token")
        assert (result.status, result.json["userId"]) == (201, "u")
        assert result.json["token"] in result.json["link"]
        tokens.add(result.json["token"])
    assert len(tokens) == 3
    assert api.emulator.invites == []


async def test_the_second_invite_route_is_like_the_first(api: Api) -> None:
    """POST users/v2 makes a user in the tenant of the header, and shows roles as objects."""
    body = {"email": "n@x.io", "metadata": "{}", "roleIds": ["role-x"], "expirationInSeconds": 300}
    assert (await api.send("POST", USERS_V2, body)).status == 403
    made = await api.send("POST", USERS_V2, body, frontegg_tenant_id="t")
    assert (made.status, [role["id"] for role in made.json["roles"]]) == (201, ["role-x"])
    assert [each["key"] for each in made.json["permissions"]] == ["permission-x"]
    assert made.json["temporaryExpirationDate"]
    assert [invite.tenant_id for invite in api.emulator.invites] == ["t"]


async def test_invited_roles_are_of_that_tenant(api: Api) -> None:
    """Inviting a user to a second tenant with other roles leaves the first roles alone."""
    for tenant_id, role_id in (("a", "role-x"), ("b", "role-y")):
        body = {"email": "n@x.io", "roleIds": [role_id]}
        made = await api.send("POST", USERS, body, frontegg_tenant_id=tenant_id)
        assert made.json["roles"] == [role_id]
    (user_id,) = {user_id for user_id, _ in api.emulator.memberships()}
    user = (await _get(api, user_id)).json
    shown = {each["tenantId"]: [role["id"] for role in each["roles"]] for each in user["tenants"]}
    assert shown == {"a": ["role-x"], "b": ["role-y"]}


async def test_a_username_stands_in_for_an_address(api: Api) -> None:
    """Without an address a username is needed, and it is taken once."""
    body = {"username": "neo", "tenantId": "t"}
    made = await api.send("POST", VENDOR_ONLY, body)
    assert (made.status, made.json["email"], made.json["name"]) == (201, None, "neo")
    assert (await api.send("POST", VENDOR_ONLY, body)).status == 409
    assert (await api.send("POST", VENDOR_ONLY, {"tenantId": "t"})).status == 400
    assert (await api.send("POST", USERS_V2, {}, frontegg_tenant_id="t")).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "nonsense"},
        {"username": "a b"},
        {"username": "a" * 256},
        {"email": "n@x.io", "profilePictureUrl": "p" * 4096},
        {"email": "n@x.io", "expirationInSeconds": 299},
    ],
)
async def test_invalid_fields_of_a_new_user_are_rejected(
    api: Api, fields: dict[str, object]
) -> None:
    """An invite and a creation reject values that the specification rules out."""
    assert (await api.send("POST", USERS_V2, fields, frontegg_tenant_id="t")).status == 400
    assert (await api.send("POST", VENDOR_ONLY, {"tenantId": "t", **fields})).status == 400
    assert not api.emulator.tenants


async def test_unknown_roles_make_no_user(api: Api) -> None:
    """A role that does not exist stops an invite and a creation before anything is done."""
    body = {"email": "n@x.io", "tenantId": "t", "roleIds": ["unknown"]}
    assert (await api.send("POST", VENDOR_ONLY, body)).status == 404
    assert (await api.send("POST", USERS_V2, body, frontegg_tenant_id="t")).status == 404
    assert not api.emulator.tenants
    assert (await api.send("GET", f"{USERS}/email?email=n@x.io")).status == 404
