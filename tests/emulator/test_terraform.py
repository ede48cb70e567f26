"""Frontegg's Terraform provider before the emulator, by a replay of its requests."""

from typing import Any

import pytest

from ..clients.terraform import Resource, converge
from ..clients.terraform_resources import RESOURCES
from .api import Api, Result

pytestmark = pytest.mark.anyio

APPLICATIONS = "/applications/resources/applications"


async def send(api: Api, method: str, path: str, body: object, **headers: str) -> Result:
    """Send as the provider does: with the type of JSON, also where there is no body."""
    headers["Content-Type"] = "application/json"
    return await api.send(method, path, body, **headers)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.name)
async def test_a_resource_converges(api: Api, resource: Resource) -> None:
    """Each read shows what was written before, and the last one that it is gone."""
    api.emulator.add_tenant("terraform")
    api.emulator.add_user("seed", tenant_ids=["terraform"], roles=["Admin"])

    async def as_provider(method: str, path: str, body: object, **headers: str) -> Result:
        return await send(api, method, path, body, **headers)

    await converge(as_provider, resource)


async def test_everything_is_applied_twice(api: Api) -> None:
    """All resources one after the other converge, and again in the environment they leave."""
    api.emulator.add_tenant("terraform")
    api.emulator.add_user("seed", tenant_ids=["terraform"], roles=["Admin"])

    async def as_provider(method: str, path: str, body: object, **headers: str) -> Result:
        return await send(api, method, path, body, **headers)

    for _ in range(2):
        for resource in RESOURCES:
            await converge(as_provider, resource)


async def test_tenants_of_an_application(api: Api) -> None:
    """An assignment is made once, read from both sides, and gone with its end or its tenant."""
    api.emulator.add_tenant("a")
    api.emulator.add_tenant("b")
    body = {"name": "Shop", "appURL": "https://x.io", "loginURL": "https://x.io"}
    app_id = (await api.send("POST", f"{APPLICATIONS}/v1", body)).json["id"]
    path = f"{APPLICATIONS}/tenant-assignments/v1/{app_id}"
    for tenant_id in ("a", "b"):
        made = await api.send("POST", path, {"tenantId": tenant_id})
        assert (made.status, made.json) == (201, {"tenantId": tenant_id, "appIds": [app_id]})
        assert (await api.send("POST", path, {"tenantId": tenant_id})).status == 409
    assert (await api.send("GET", path)).json == {"tenantIds": ["a", "b"]}
    listed = f"{APPLICATIONS}/tenant-assignments"
    found: Any = (await api.send("GET", f"{listed}/v1", frontegg_tenant_id="b")).json
    assert found == [{"tenantId": "b", "appIds": [app_id]}]
    assert (await api.send("PUT", f"{path}/b", {"accessType": "MANAGED_ACCESS"})).status == 200
    found = (await api.send("GET", f"{listed}/v2?accessType=MANAGED_ACCESS")).json
    assert found == [
        {"tenantId": "b", "assignments": [{"appId": app_id, "accessType": "MANAGED_ACCESS"}]}
    ]
    assert (await api.send("DELETE", f"{path}/a")).status == 200
    assert (await api.send("DELETE", f"{path}/a")).status == 404
    assert (await api.send("DELETE", "/tenants/resources/tenants/v1/b")).status == 200
    assert (await api.send("GET", path)).json == {"tenantIds": []}
    for unknown in (f"{path}x", f"{APPLICATIONS}/v1/x", f"{APPLICATIONS}/v1/credentials/x"):
        assert (await api.send("GET", unknown)).status == 404
    assert (await api.send("POST", path, {"tenantId": "nobody"})).status == 404
