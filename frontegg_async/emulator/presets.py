"""The limits that Frontegg publishes, as limits of the emulator.

The figures are those of ``frontegg_async.pacing.published``, which the SDK reads as well. The
emulator adds:

=====================================================================  =====
a route that the tables name does not count in the general limit        doc
an API group is a service: ``/identity``, ``/tenants``                  guess
windows are fixed and open with the first request                       guess
=====================================================================  =====

The emulator plays one environment and takes all callers for one IP address, so figures for both
are the same here.
"""

from __future__ import annotations

from ..pacing.published import GENERAL, NAMED, Plan
from .limits import Announce, RateLimit
from .routes import _fallback as fallback
from .routes import _router as routes

__all__ = ["Plan", "published_limits"]

_GROUPS = ("/identity/", "/tenants/")


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
    every = {each.key for each in (*routes.ROUTES, *fallback.routes())} - NAMED.keys()
    return (
        *(
            RateLimit(figures[plan].calls, figures[plan].seconds, on=key, announce=announce)
            for key, figures in NAMED.items()
        ),
        *(
            RateLimit(
                general.calls,
                general.seconds,
                on=frozenset(key for key in every if f" {group}" in key),
                announce=announce,
                shared=True,
            )
            for group in _GROUPS
        ),
    )
