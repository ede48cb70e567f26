"""Rate limits that Frontegg publishes, by route and plan.

Every figure is documentation and none has been measured. Two tables are published, and a route
that both name has the figure of the newer one:

- newer, by plan: https://developers.frontegg.com/guides/env-settings/rate-limits
- older, one figure for all plans: https://docs.frontegg.com/docs/frontegg-rate-limit-policies

They count per IP address or per environment ("per VendorId"); the comments say which. The general
figure holds per IP address and API group, for all routes of the group that the table does not
name. Nothing is published for roles, for adding users to tenants, for bulk invites and for
migrations, so the general figure stands for them.

Left out are rows without an operation of this package: SSO activation (5, 10, 10 a minute) and SSO
prelogin and social login (100).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec


class Plan(StrEnum):
    """A plan of Frontegg's price list."""

    LAUNCH = "launch"
    SCALE = "scale"
    ENTERPRISE = "enterprise"


class PublishedLimit(msgspec.Struct, frozen=True):
    """A number of calls in a number of seconds."""

    calls: int
    seconds: float


def _each(calls: int, seconds: float) -> Mapping[Plan, PublishedLimit]:
    """Return one limit for every plan."""
    return dict.fromkeys(Plan, PublishedLimit(calls, seconds))


def _per_minute(launch: int, scale: int, enterprise: int) -> Mapping[Plan, PublishedLimit]:
    return {
        plan: PublishedLimit(calls, 60.0)
        for plan, calls in zip(Plan, (launch, scale, enterprise), strict=True)
    }


GENERAL: Final = _per_minute(100, 1_000, 1_000)
"""Per IP address and API group (newer table)."""

NAMED: Final[Mapping[str, Mapping[Plan, PublishedLimit]]] = {
    # Newer table.
    # Per environment, so every IP address shares it.
    "GET /identity/resources/users/v3": _per_minute(60, 100, 200),
    "GET /tenants/resources/tenants/v1": _each(30, 60.0),
    # Per environment on Launch, per IP address on the others. The older table has 10.
    "POST /identity/resources/users/v1/passwords/reset": _per_minute(5, 5, 10),
    "POST /identity/resources/users/v1/passwords/reset/verify": _per_minute(5, 5, 10),
    # Older table, which knows no plans. Per IP address, unless something else is said.
    "POST /auth/vendor": _each(30, 1.0),
    # Per environment ("workspace"). It names v1 of this route; that v2 has the same is a guess.
    "POST /identity/resources/auth/v1/api-token": _each(100, 1.0),
    "POST /identity/resources/auth/v2/api-token": _each(100, 1.0),
    "POST /identity/resources/auth/v1/user": _each(100, 60.0),
    "POST /identity/resources/auth/v1/user/mfa/verify": _each(10, 60.0),
    "POST /identity/resources/auth/v1/user/mfa/recover": _each(10, 60.0),
    "POST /identity/resources/auth/v1/passwordless/magiclink/prelogin": _each(100, 60.0),
    "POST /identity/resources/auth/v1/passwordless/magiclink/postlogin": _each(100, 60.0),
    "POST /identity/resources/users/v1/signUp": _each(5, 60.0),
    "GET /identity/resources/users/v2": _each(30, 60.0),
    "POST /identity/resources/users/v1": _each(30, 60.0),
    "POST /identity/resources/users/v2": _each(30, 60.0),
}
"""The routes that the tables name, by ``Operation.limit_group``."""


_PER_ENVIRONMENT: Final[Mapping[str, frozenset[Plan]]] = {
    "GET /identity/resources/users/v3": frozenset(Plan),
    "POST /identity/resources/users/v1/passwords/reset": frozenset({Plan.LAUNCH}),
    "POST /identity/resources/users/v1/passwords/reset/verify": frozenset({Plan.LAUNCH}),
    "POST /identity/resources/auth/v1/api-token": frozenset(Plan),
    "POST /identity/resources/auth/v2/api-token": frozenset(Plan),
}


def is_per_environment(limit_group: str, plan: Plan) -> bool:
    """Return whether all IP addresses share a limit, instead of each having its own."""
    return plan in _PER_ENVIRONMENT.get(limit_group, ())


def published_limit(limit_group: str, plan: Plan = Plan.SCALE) -> PublishedLimit:
    """Return the limit that Frontegg publishes for a route on a plan.

    Args:
        limit_group: ``"METHOD /path/template"``, as in ``Operation.limit_group``. A route that the
            tables do not name has the general figure.
        plan: the customer's plan.
    """
    return NAMED.get(limit_group, GENERAL)[plan]
