"""The limits that Frontegg publishes, as limits of the emulator.

The figures are those of ``frontegg_async.pacing.published``, which the SDK reads as well. The
emulator adds:

=====================================================================  =====
a route that the tables name does not count in the general limit        doc
routes that the tables name and the SDK lacks, all per minute           doc
an API group is a service: ``/identity``, ``/tenants``                  guess
windows are fixed and open with the first request                       guess
=====================================================================  =====

A limit counts per IP address, unless the tables say that all addresses of an environment share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..pacing.published import GENERAL, NAMED, Plan, PublishedLimit, is_per_environment
from .limits import Announce, RateLimit
from .routes import _fallback as fallback
from .routes import _router as routes

__all__ = ["Plan", "published_limits"]

_GROUPS: Final = ("/identity/", "/tenants/", "/applications/", "/vendors", "/event/", "/oauth/")
_MORE: Final[Mapping[str, PublishedLimit]] = {
    "POST /identity/resources/auth/v2/user/sso/prelogin": PublishedLimit(100, 60.0),
    "POST /identity/resources/auth/v1/user/sso/{provider}/postlogin": PublishedLimit(100, 60.0),
}


def published_limits(
    plan: Plan = Plan.SCALE, *, announce: Announce = Announce.RESET
) -> tuple[RateLimit, ...]:
    """Return the published limits of a plan, for ``Emulator(rate_limits=...)``.

    Each route that the tables name has a limit of its own; the others of a service share one.
    ``dataclasses.replace`` makes another kind of any of them.

    Args:
        plan: The customer's plan.
        announce: The headers of the responses.

    """
    general = GENERAL[plan]
    known = {each.key for each in (*routes.ROUTES, *fallback.routes())}
    named = {key: figures[plan] for key, figures in NAMED.items()}
    named |= _MORE
    others = known - named.keys()
    return (
        *(
            RateLimit(
                limit.calls,
                limit.seconds,
                on=key,
                announce=announce,
                per_address=not is_per_environment(key, plan),
            )
            for key, limit in named.items()
        ),
        *(
            RateLimit(
                general.calls,
                general.seconds,
                on=frozenset(key for key in others if f" {group}" in key),
                announce=announce,
                shared=True,
                per_address=True,
            )
            for group in _GROUPS
        ),
    )
