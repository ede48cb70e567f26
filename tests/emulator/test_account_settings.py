"""The settings of a tenant."""

import pytest

from .api import Api

pytestmark = pytest.mark.anyio

SETTINGS = "/tenants/resources/account-settings/v1"


async def test_settings_are_kept(api: Api) -> None:
    """Settings add up, belong to one tenant, and include its name."""
    for tenant_id in ("t", "s"):
        api.emulator.add_tenant(tenant_id, name="Acme")
    for body in ({"timezone": "UTC", "dateFormat": "x"}, {"currency": "EUR", "name": "Emca"}):
        assert (await api.send("PUT", SETTINGS, body, frontegg_tenant_id="t")).status == 200
    shown = (await api.send("GET", SETTINGS, frontegg_tenant_id="t")).json
    assert {name: value for name, value in shown.items() if value is not None} == {
        "tenantId": "t",
        "name": "Emca",
        "timezone": "UTC",
        "dateFormat": "x",
        "currency": "EUR",
    }
    other = (await api.send("GET", SETTINGS, frontegg_tenant_id="s")).json
    assert (other["name"], other["timezone"]) == ("Acme", None)


async def test_settings_and_tenant_agree(api: Api) -> None:
    """A setting that is a field of the tenant is the same in both places."""
    api.emulator.add_tenant("t")
    await api.send("PUT", SETTINGS, {"timezone": "UTC"}, frontegg_tenant_id="t")
    target = "/tenants/resources/tenants/v2/t"
    assert (await api.send("GET", target)).json["timezone"] == "UTC"
    await api.send("PUT", target, {"timezone": "CET"})
    settings = (await api.send("GET", SETTINGS, frontegg_tenant_id="t")).json
    assert settings["timezone"] == "CET"


async def test_the_public_settings_are_some_of_them(api: Api) -> None:
    """The public route shows the tenant and its two URLs, and no more."""
    api.emulator.add_tenant("t", name="Acme")
    body = {"timezone": "UTC", "loginUrl": "https://x.io"}
    await api.send("PUT", SETTINGS, body, frontegg_tenant_id="t")
    shown = (await api.send("GET", f"{SETTINGS}/public", frontegg_tenant_id="t")).json
    assert shown == {"tenantId": "t", "applicationUrl": None, "loginUrl": "https://x.io"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("GET", "/public", None), ("PUT", "", {"currency": "EUR"})],
)
async def test_settings_need_a_tenant_that_exists(
    api: Api, method: str, path: str, body: object
) -> None:
    """Without the tenant header it is 403, with an unknown tenant 404."""
    assert (await api.send(method, SETTINGS + path, body)).status == 403
    result = await api.send(method, SETTINGS + path, body, frontegg_tenant_id="x")
    assert result.status == 404


async def test_an_empty_update_is_rejected(api: Api) -> None:
    """An update with an empty object is 400."""
    api.emulator.add_tenant("t")
    assert (await api.send("PUT", SETTINGS, {}, frontegg_tenant_id="t")).status == 400
