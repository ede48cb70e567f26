"""Routes that only Frontegg's client for browsers calls."""

import pytest

from .api import Api
from .logins import user

pytestmark = pytest.mark.anyio

USERS = "/identity/resources/users"
AUTH = "/identity/resources/auth"
SUB_TENANTS = "/tenants/resources/sub-tenants/v1"
HIERARCHY = "/tenants/resources/hierarchy"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{AUTH}/v1/user/saml/prelogin", 404),
        (f"{AUTH}/v2/user/sso/prelogin", 404),
        (f"{AUTH}/v1/user/oidc/postlogin", 401),
        (f"{AUTH}/v1/user/sso/google/postlogin", 401),
        (f"{AUTH}/v1/webauthn/postlogin", 401),
        (f"{USERS}/v1/phone/reset/verify", 401),
    ],
)
async def test_what_the_emulator_does_not_have(api: Api, path: str, status: int) -> None:
    """A login by another way is refused as one that is not set up, and no route is missing."""
    nobody = Api(api.emulator, api.http)
    result = await nobody.send("POST", path, {})
    assert (result.status, result.headers["frontegg-emulator"]) == (status, "stateless")
    assert "errorCode" not in result.json


async def test_a_link_is_checked_before_it_is_used(api: Api) -> None:
    """A link for a forgotten password can be validated any number of times before its use."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    await api.send("POST", f"{USERS}/v1/passwords/reset", {"email": "u@x.io"})
    (mail,) = api.emulator.mails
    body = {"userId": "u", "token": mail.token}
    validate = f"{USERS}/v1/passwords/reset/validate"
    for _ in range(2):
        assert (await api.send("POST", validate, body)).status == 201
    used = await api.send("POST", f"{USERS}/v1/passwords/reset/verify", {**body, "password": "n"})
    assert used.status == 201
    assert (await api.send("POST", validate, body)).status == 404


async def test_a_phone_number_is_changed(api: Api) -> None:
    """A user's own phone number changes, and an empty one is rejected."""
    mine = await user(api)
    changed = await mine.send("PUT", f"{USERS}/v1/phone/change", {"phoneNumber": "+49"})
    assert (changed.status, api.emulator.user("u").phone_number) == (200, "+49")
    assert (await mine.send("PUT", f"{USERS}/v1/phone/change", {"phoneNumber": ""})).status == 400


async def test_a_search_below_a_tenant(api: Api) -> None:
    """The tenants right below are listed with their own, and those of all levels are counted."""
    for tenant_id, parent in (("top", None), ("one", "top"), ("two", "top"), ("low", "one")):
        api.emulator.add_tenant(tenant_id, name=tenant_id.title())
        if parent is not None:
            body = {"parentTenantId": parent, "childTenantId": tenant_id}
            assert (await api.send("POST", f"{HIERARCHY}/v1", body)).status == 201
    mine = await user(api, tenant_ids=("top",))
    found = (await mine.send("GET", f"{HIERARCHY}/v2?_sortBy=name&_order=DESC")).json["items"]
    assert [(each["tenantId"], each["metadata"]["isParent"]) for each in found] == [
        ("two", False),
        ("one", True),
    ]
    found = (await mine.send("GET", f"{HIERARCHY}/v2?_subTenantId=one&_filter=LO")).json["items"]
    assert [each["tenantId"] for each in found] == ["low"]
    counted = (await mine.send("GET", f"{HIERARCHY}/v2/metadata?_tenantIds=top,low,no")).json
    assert [(each["tenantId"], each["totalSubTenants"]) for each in counted] == [
        ("top", 3),
        ("low", 0),
    ]
    above = (await mine.send("GET", f"{HIERARCHY}/v1/parents/low")).json
    assert [each["tenantId"] for each in above] == ["one", "top"]
    changed = await mine.send("PATCH", f"{SUB_TENANTS}/low", {"name": "Lower"})
    assert (changed.status, changed.json["name"]) == (200, "Lower")
