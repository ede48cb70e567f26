"""Prehooks: the fields read from their bodies, and the verdicts that answer them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from frontegg_async import ConfigurationError, InvalidRequestError
from frontegg_async.webhooks import Prehook, allow, block, challenge, lock, unwrap_prehook

from ..support.hooks import SECRET, signed


def received(body: object) -> Prehook:
    return unwrap_prehook(signed(), msgspec.json.encode(body), secret=SECRET)


def test_sign_up() -> None:
    """A prehook of a sign-up has the address of the user who is to be, and no user yet."""
    prehook = received(
        {
            "eventKey": "SIGN_UP",
            "prehookContext": {"tenantId": "tenant-1", "applicationId": "app-1"},
            "data": {"user": {"email": "ada@example.test", "ipAddress": "192.0.2.1"}},
        }
    )
    assert (prehook.key, prehook.email, prehook.user) == ("SIGN_UP", "ada@example.test", None)
    assert (prehook.tenant_id, prehook.application_id) == ("tenant-1", "app-1")
    assert prehook.data["user"]["ipAddress"] == "192.0.2.1"
    assert "ada@example.test" not in repr(prehook)


def test_tokens() -> None:
    """A prehook of a token has its claims, and from them the tenant and the user."""
    claims = {"sub": "user-1", "tenantId": "tenant-1", "email": "ada@example.test"}
    prehook = received({"data": {"claims": claims}})
    assert prehook.claims == claims
    assert (prehook.tenant_id, prehook.user_id) == ("tenant-1", "user-1")
    assert (prehook.key, prehook.email) == (None, "ada@example.test")


@pytest.mark.parametrize(
    "data",
    [
        {"samlMetadata": {"email": "ada@example.test"}},
        {"authData": {"user": {"email": "ada@example.test"}}},
    ],
)
def test_logins(data: dict[str, Any]) -> None:
    """The address of a user who logs in is found where each kind of login has it."""
    assert received({"data": data}).email == "ada@example.test"


@pytest.mark.parametrize("body", [{}, {"eventKey": "SIGN_UP"}, {"data": []}, {"data": {}}])
def test_bodies_that_are_no_prehook(body: dict[str, Any]) -> None:
    """A body without anything to decide on is refused, though it has a key."""
    with pytest.raises(InvalidRequestError):
        received(body)


def test_allow() -> None:
    """``allow`` lets go on, and may set claims, fields of the user, or the tenant."""
    assert allow() == {"verdict": "allow", "continue": True}
    assert allow(form="verdict") == {"verdict": "allow"}
    assert allow(form="continue") == {"continue": True}
    claims = {"customClaims": {"plan": "pro"}}
    assert allow(claims=claims, tenant_id="tenant-1")["response"] == {
        "claims": {"customClaims": {"plan": "pro"}, "tenantId": "tenant-1"}
    }
    assert claims == {"customClaims": {"plan": "pro"}}
    assert allow(user={"roleIds": ["r"]}, tenant_id="tenant-1")["response"] == {
        "user": {"roleIds": ["r"]},
        "tenant": {"id": "tenant-1"},
    }


def test_claims_need_a_tenant() -> None:
    """Claims without a tenant, which Frontegg does not take, are refused here."""
    with pytest.raises(ConfigurationError, match="tenant_id"):
        allow(claims={"customClaims": {}})


def test_verdicts_that_stop() -> None:
    """No other verdict lets go on, whichever field a receiver reads; each has its message."""
    for verdict, status, body in (
        ("block", 403, block("No.")),
        ("challenge", 401, challenge("No.")),
        ("lock", 403, lock("No.")),
    ):
        assert body == {
            "verdict": verdict,
            "continue": False,
            "error": {"status": status, "message": ["No."]},
        }
    assert block("No.", status=429, form="continue") == {
        "continue": False,
        "error": {"status": 429, "message": ["No."]},
    }


@pytest.mark.parametrize("status", [200, 399, 500, True])
def test_statuses_of_errors(status: int) -> None:
    """A status that Frontegg does not take is refused here."""
    for verdict in (block, challenge, lock):
        with pytest.raises(ConfigurationError, match="400 to 499"):
            verdict("No.", status=status)


def test_forms() -> None:
    """A form that cannot say a verdict refuses it, and an unknown form is an error."""
    for verdict in (challenge, lock):
        with pytest.raises(ConfigurationError, match="continue"):
            verdict("No.", form="continue")
    form: Any = "xml"
    for answer in (allow, block):
        with pytest.raises(ConfigurationError, match="form"):
            answer(form=form)
