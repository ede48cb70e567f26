"""Parts that the bridges to web frameworks share. It imports no framework."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final, Self, TypeAlias, TypedDict

import msgspec

from ..auth.claims import Claims
from ..auth.requirements import Requirement, require
from ..auth.token_stores import TokenStore
from ..auth.verifier import KeySource, TokenVerifier
from ..errors import ConfigurationError, FronteggError
from ..frontegg import FronteggSession
from .error_responses import ErrorResponse, ErrorResponses

DEFAULT: Final = ErrorResponses()

SessionSource: TypeAlias = FronteggSession | Callable[[], FronteggSession]
"""Function that makes a session, or an open session, which is not closed."""

_POLICY_VIOLATION: Final = 1008
_INTERNAL_ERROR: Final = 1011

_log: Final = logging.getLogger("frontegg_async.integrations")


class VerifierSettings(TypedDict, total=False):
    """Settings of a ``TokenVerifier``, as keyword arguments."""

    issuer: str | Sequence[str] | None
    audience: str | Sequence[str] | None
    leeway: float
    algorithms: Sequence[str]
    secret: str | None
    keys: KeySource
    remember: int
    access_token_store: TokenStore | None


@asynccontextmanager
async def serving(
    source: SessionSource, settings: VerifierSettings
) -> AsyncGenerator[tuple[FronteggSession, TokenVerifier]]:
    """Open a session while an application runs, with a verifier on it.

    Raises:
        ConfigurationError: a setting is missing or cannot work.
    """
    async with AsyncExitStack() as stack:
        session = source
        if not isinstance(session, FronteggSession):
            session = await stack.enter_async_context(session())
        yield session, TokenVerifier(session, **settings)


class RouteRequirement(msgspec.Struct, frozen=True, kw_only=True):
    """Requirement on the callers of a route.

    Args:
        requirement: the part that is the same for all requests.
        tenant_from: path parameter that names the tenant of the caller, or None.
    """

    requirement: Requirement
    tenant_from: str | None

    @classmethod
    def of(
        cls,
        *,
        roles: str | Sequence[str] | None,
        permissions: str | Sequence[str] | None,
        tenant: str | None,
        tenant_from: str | None,
        step_up: float | timedelta | None,
    ) -> Self:
        """Return the requirement of checked arguments.

        Raises:
            ConfigurationError: a list is empty, or a value cannot work.
        """
        if tenant is not None and tenant_from is not None:
            raise ConfigurationError("give tenant or tenant_from, not both")
        if tenant_from == "":
            raise ConfigurationError("tenant_from must be the name of a path parameter, got ''")
        return cls(
            requirement=require(
                roles=roles, permissions=permissions, tenant=tenant, step_up=step_up
            ),
            tenant_from=tenant_from,
        )

    def check(self, claims: Claims, path: Mapping[str, object]) -> Claims:
        """Return the claims if they satisfy the requirement.

        Args:
            claims: claims of the caller.
            path: values of the path parameters of the request.

        Raises:
            ForbiddenError: they do not.
            UnauthorizedError: the caller must log in with a second factor first.
            ConfigurationError: the route has no such path parameter.
        """
        if self.tenant_from is None:
            return self.requirement.check(claims)
        if self.tenant_from not in path:
            names = ", ".join(path) or "none"
            raise ConfigurationError(
                f"tenant_from must be a parameter of the route's path ({names}), "
                f"got {self.tenant_from!r}"
            )
        tenant = str(path[self.tenant_from])
        return msgspec.structs.replace(self.requirement, tenant=tenant).check(claims)


class PublicPaths:
    """Paths that need no token.

    Args:
        paths: ``/health`` is this path alone, ``/docs/*`` all paths that begin with ``/docs/``.

    Raises:
        ConfigurationError: a path does not begin with a slash, or has a star elsewhere.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths: Final = (paths,) if isinstance(paths, str) else tuple(paths)
        for path in self._paths:
            if not path.startswith("/") or "*" in path.removesuffix("/*"):
                raise ConfigurationError(
                    "public must hold paths such as /health, or /docs/* for all below, got "
                    f"{path!r}"
                )

    def __contains__(self, path: str) -> bool:
        # Frameworks disagree on dotted and empty segments: such a path may lead elsewhere.
        *folders, last = path[1:].split("/")
        if last in {".", ".."} or not {"", ".", ".."}.isdisjoint(folders):
            return False
        return any(
            path.startswith(each[:-1]) if each.endswith("/*") else path == each
            for each in self._paths
        )


def response_to(error: FronteggError, responses: ErrorResponses) -> ErrorResponse:
    """Return the response for an error, and log the error if it is no caller's fault."""
    response = responses.respond(error)
    if response.status >= 500:
        unexpected = error if response.status == 500 else None
        _log.error("responded %d: %s", response.status, error, exc_info=unexpected)
    return response


def close_code(status: int) -> int:
    """Return the code to close a websocket with, in place of the status of a response."""
    return _POLICY_VIOLATION if status < 500 else _INTERNAL_ERROR
