"""Requirements on callers: any of the roles, any of the permissions, the tenant, the step-up."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontegg_async import ConfigurationError, ForbiddenError, UnauthorizedError
from frontegg_async.auth import Claims, require
from frontegg_async.auth.claims import MFA_CONTEXT, claims_of
from tests.support.clocks import FakeClock

CLOCK = FakeClock()
NOW = CLOCK.time()


def caller(**claims: Any) -> Claims:
    return claims_of({"sub": "user-1", "type": "userToken", "tenantId": "t1", **claims})


def test_any_of_each_is_enough_and_both_are_needed() -> None:
    """One of the roles and one of the permissions is enough; neither replaces the other."""
    requirement = require(roles=["Admin", "Owner"], permissions=["a.read", "b.read"])
    requirement.check(caller(roles=["Owner"], permissions=["b.*"]))
    for lacking in (
        caller(roles=["Owner"], permissions=["c.read"]),
        caller(roles=["Guest"], permissions=["a.read"]),
    ):
        with pytest.raises(ForbiddenError):
            requirement.check(lacking)


def test_a_token_without_roles_is_forbidden_and_says_why() -> None:
    """A token that carries no roles is a 403 that names the JWT template, not an error."""
    with pytest.raises(ForbiddenError, match="the token carries no roles") as caught:
        require(roles="Admin").check(caller())
    assert caught.value.status == 403


def test_the_tenant_must_be_that_of_the_token() -> None:
    """A membership is not enough: the token must act in the tenant."""
    require(tenant="t1").check(caller())
    with pytest.raises(ForbiddenError, match="the token acts in another tenant"):
        require(tenant="t2").check(caller(tenantIds=["t1", "t2"]))


STEPPED_UP = {"acr": MFA_CONTEXT, "amr": ["pwd", "mfa", "otp"], "auth_time": NOW - 60}


@pytest.mark.parametrize(
    ("changes", "max_age", "good"),
    [
        ({}, 60, True),
        ({}, timedelta(minutes=1), True),
        ({}, 59, False),
        ({"auth_time": NOW}, 0.5, True),
        ({"auth_time": None}, 3_600, False),
        ({"auth_time": None}, math.inf, True),
        ({"acr": "other"}, 60, False),
        ({"amr": ["mfa"]}, 60, False),
        ({"amr": ["otp"]}, 60, False),
        ({"amr": ["mfa", "sso"]}, 60, True),
    ],
)
def test_a_step_up_is_recent_and_has_a_second_factor(
    changes: dict[str, Any], max_age: float | timedelta, good: bool
) -> None:
    """A step-up needs its context, a second factor, and a login within the time; else it is 401."""
    requirement, claims = require(step_up=max_age), caller(**{**STEPPED_UP, **changes})
    if good:
        requirement.check(claims, clock=CLOCK)
        return
    with pytest.raises(UnauthorizedError) as caught:
        requirement.check(claims, clock=CLOCK)
    header = caught.value.headers["WWW-Authenticate"]
    assert header.startswith('Bearer error="insufficient_user_authentication", acr_values="')


@pytest.mark.parametrize(("max_age", "stated"), [(90, ', max_age="90"'), (math.inf, "")])
def test_the_challenge_of_a_step_up_says_how_recent(max_age: float, stated: str) -> None:
    """The header of a 401 names the context, and the seconds only if there is a bound."""
    with pytest.raises(UnauthorizedError, match="a recent login with a second factor") as caught:
        require(step_up=max_age).check(caller(), clock=CLOCK)
    assert caught.value.headers["WWW-Authenticate"] == (
        f'Bearer error="insufficient_user_authentication", acr_values="{MFA_CONTEXT}"{stated}'
    )


@pytest.mark.parametrize("kind", ["roles", "permissions"])
def test_a_403_names_the_keys_and_their_kind(kind: str) -> None:
    """Of keys that a token lacks the error names all; the JWT template only if it carries none."""
    requirement = require(**{kind: ["a.read", "b.read"]})  # type: ignore[arg-type]
    lacking = f"the caller has none of the {kind} a.read, b.read"
    with pytest.raises(ForbiddenError) as caught:
        requirement.check(caller(**{kind: ["c.read"]}))
    assert str(caught.value) == f"{lacking} (status 403)"
    with pytest.raises(ForbiddenError) as caught:
        requirement.check(caller())
    assert f"{lacking}: the token carries no {kind} (see its JWT template)" in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"roles": []},
        {"roles": ""},
        {"permissions": ()},
        {"permissions": [""]},
        {"tenant": ""},
        {"step_up": 0},
        {"step_up": math.nan},
        {"step_up": True},
        {"step_up": "600"},
        {"step_up": -1},
    ],
)
def test_requirements_that_let_everyone_in_are_refused(settings: dict[str, Any]) -> None:
    """An empty list of roles, as from a setting that was lost, is an error and no open door."""
    with pytest.raises(ConfigurationError):
        require(**settings)


@pytest.mark.parametrize(
    ("token_type", "extra", "user_id"),
    [
        ("userToken", {}, "user-1"),
        ("userApiToken", {"createdByUserId": "u2", "userId": "u3"}, "u2"),
        ("userApiToken", {"userId": "u3"}, "u3"),
        ("userAccessToken", {"userId": "u3", "createdByUserId": "u2"}, "u3"),
        ("tenantApiToken", {"createdByUserId": "u2"}, None),
        ("tenantAccessToken", {"userId": "u3"}, None),
        ("newToken", {"userId": "u3"}, None),
    ],
)
def test_the_acting_user(token_type: str, extra: dict[str, str], user_id: str | None) -> None:
    """Each type of token names its user in its own claim; tokens of tenants have none."""
    assert caller(type=token_type, **extra).user_id == user_id


@example([*"a*a"], "a")
@example([*"*a*a*"], "a")
@example([*"*a*b*"], "aba")
@given(st.lists(st.sampled_from("ab.*"), max_size=8), st.text("ab.", max_size=8))
def test_wildcards_match_as_globs_do(pattern: list[str], key: str) -> None:
    """A star matches any characters and nothing else is special, as in an independent matcher."""

    def matches(pattern: str, key: str) -> bool:
        if not pattern:
            return not key
        if pattern[0] == "*":
            return any(matches(pattern[1:], key[start:]) for start in range(len(key) + 1))
        return key[:1] == pattern[0] and matches(pattern[1:], key[1:])

    held = "".join(pattern)
    assert caller(permissions=[held]).has_permission(key) is matches(held, key)


def test_a_key_with_a_star_is_taken_literally() -> None:
    """The star of a requirement is no wildcard: only the caller's permissions have them."""
    assert not caller(permissions=["fe.read"]).has_permission("fe.*")
