"""Options of the commands that call Frontegg, and the session made from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import click
import msgspec

from .._core.environment import Environment
from .._core.settings import SessionArguments
from ..frontegg import FronteggSession
from ..options import Options, Region
from . import logs
from .exit_codes import NoCredentialsError
from .option_types import duration

R = TypeVar("R")

_TARGET_OPTIONS: Final = (
    *("client_id", "region", "base_url", "environment_id", "application"),
    *("proxy", "trust_env", "fleet"),
)
"""Options for the host, the way to it, the credentials, and those who share them."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """The values of the options; None leaves a value to the environment."""

    client_id: str | None = None
    region: str | None = None
    base_url: str | None = None
    environment_id: str | None = None
    application: str | None = None
    proxy: str | None = None
    trust_env: bool = False
    fleet: str | None = None
    timeout: float | None = None

    def given(self) -> tuple[str, ...]:
        """Return the flags given for a target, which an emulator of the command's own is not."""
        return tuple(
            "--" + name.replace("_", "-")
            for name in _TARGET_OPTIONS
            if getattr(self, name) not in {None, False}
        )

    def options(self) -> Options:
        """Return the session's options for calls."""
        return Options() if self.timeout is None else Options(timeout=self.timeout)

    def resolved_client_id(self) -> str | None:
        """Return the client id for a session, from the option or the environment."""
        return Environment.read().client_id if self.client_id is None else self.client_id

    def session(
        self, *, max_connections: int = 64, without: str = "", needs_credentials: bool = True
    ) -> FronteggSession:
        """Make a session from the options and the environment, not open yet.

        Args:
            max_connections: see ``FronteggSession``.
            without: end of the error message, if the command also works without credentials.
            needs_credentials: False to make a session for users if there are no credentials.

        Raises:
            NoCredentialsError: credentials are needed and missing.
        """
        found = Environment.read()
        client_id = self.resolved_client_id()
        given: SessionArguments = {
            "environment_id": self.environment_id,
            "application_id": self.application,
            "region": self.region,
            "base_url": self.base_url,
            "proxy": self.proxy,
            "trust_env": self.trust_env,
            "options": self.options(),
            "max_connections": max_connections,
        }
        if self.fleet is not None:
            from ..fleet.redis_fleet import RedisFleet

            given["fleet"] = RedisFleet.from_url(self.fleet)
        if not client_id or found.api_key is None:
            del given["environment_id"]
            if needs_credentials:
                raise _no_credentials(client_id, found, without)
            return FronteggSession.for_users(client_id=client_id or None, **found.connection(given))
        settings = found.session(given)
        return FronteggSession(client_id=client_id, api_key=found.api_key, **settings)


def _no_credentials(client_id: str | None, found: Environment, without: str) -> NoCredentialsError:
    missing = [
        name
        for name, value in (
            ("FRONTEGG_CLIENT_ID (or --client-id)", client_id),
            ("FRONTEGG_API_KEY (or FRONTEGG_SECRET_KEY)", found.api_key),
        )
        if not value
    ]
    return NoCredentialsError(
        f"no credentials: set {' and '.join(missing)} in the environment{without}."
    )


def _without_password(
    variable: str, *signs: str
) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """Return a check of URLs: one with a sign that a password may be in it goes to a variable."""

    def check(_ctx: click.Context, _param: click.Parameter, url: str | None) -> str | None:
        if url is not None and any(sign in url.lower() for sign in signs):
            raise click.BadParameter(
                f"other users can see a command line: set {variable} to a URL with a password."
            )
        return url

    return check


_OPTIONS: Final = (
    click.option("--client-id", help="Client id of the environment [FRONTEGG_CLIENT_ID]."),
    click.option(
        "--region",
        type=click.Choice([region.value for region in Region]),
        help="Region of the environment [FRONTEGG_REGION]; default: eu.",
    ),
    click.option("--base-url", help="Host to call instead of a region's [FRONTEGG_BASE_URL]."),
    click.option(
        "--environment-id",
        help="Environment, for the credentials of an account [FRONTEGG_ENVIRONMENT_ID].",
    ),
    click.option(
        "--application",
        metavar="ID",
        help="Application, in an environment with several [FRONTEGG_APPLICATION_ID].",
    ),
    click.option(
        "--proxy",
        metavar="URL",
        callback=_without_password("FRONTEGG_PROXY", "@"),
        help="Proxy for all calls; a URL without a password [FRONTEGG_PROXY].",
    ),
    click.option(
        "--trust-env",
        is_flag=True,
        help="Use the proxy in HTTPS_PROXY, unless NO_PROXY excludes the host.",
    ),
    click.option(
        "--fleet",
        metavar="URL",
        callback=_without_password("FRONTEGG_FLEET_URL", "@", "password="),
        help="Redis that shares token and limits; a URL without a password [FRONTEGG_FLEET_URL].",
    ),
    click.option(
        "--timeout",
        type=duration,
        metavar="DURATION",
        help="Time for a call with all its retries, such as 90s [30s; bulk: at least 10m].",
    ),
    logs.verbose_option,
)


def connected(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options of a connection to a command, whose function gets a Connection first."""

    @wraps(function)
    def command(**values: Any) -> R:
        said = {name: values.pop(name) for name in Connection.__struct_fields__}
        return function(Connection(**said), **values)

    decorated: Callable[..., R] = command
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
