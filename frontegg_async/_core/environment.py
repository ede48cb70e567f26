"""The variables ``FRONTEGG_*``, and how they fill in for arguments that are not given."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from ..errors import ConfigurationError
from ..options import Region
from .secret import Secret
from .settings import ConnectionArguments, SessionArguments


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The values of ``FRONTEGG_*``; None where a variable is missing or empty."""

    client_id: str | None = None
    api_key: Secret | None = None
    region: str | None = None
    base_url: str | None = None
    environment_id: str | None = None
    application_id: str | None = None
    proxy: Secret | None = None
    fleet_url: Secret | None = None

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> Environment:
        """Read the variables that ``Session.from_env`` names."""
        source = os.environ if variables is None else variables

        def get(name: str) -> str | None:
            return source.get(f"FRONTEGG_{name}", "").strip() or None

        key = get("API_KEY") or get("SECRET_KEY")
        proxy, fleet_url = get("PROXY"), get("FLEET_URL")
        return cls(
            client_id=get("CLIENT_ID"),
            api_key=Secret(key) if key else None,
            region=get("REGION"),
            base_url=get("BASE_URL"),
            environment_id=get("ENVIRONMENT_ID"),
            application_id=get("APPLICATION_ID"),
            proxy=Secret(proxy) if proxy else None,
            fleet_url=Secret(fleet_url) if fleet_url else None,
        )

    def missing_credentials(self) -> list[str]:
        """Return the names of the variables that are missing for a session with credentials."""
        names = {
            "FRONTEGG_CLIENT_ID": self.client_id,
            "FRONTEGG_API_KEY (or FRONTEGG_SECRET_KEY)": self.api_key,
        }
        return [name for name, value in names.items() if value is None]

    def connection(self, given: ConnectionArguments) -> ConnectionArguments:
        """Return arguments with those about host, proxy, application and fleet filled in.

        Raises:
            ConfigurationError: the environment names both a region and a host, or an unknown
                region, or a fleet whose URL cannot work.
        """
        filled = given.copy()
        if given.get("region") is None and given.get("base_url") is None:
            if self.region is not None and self.base_url is not None:
                raise ConfigurationError(
                    "set FRONTEGG_REGION or FRONTEGG_BASE_URL in the environment, not both; an "
                    "argument (in the command line, an option) beats both"
                )
            if self.region is not None and self.region not in set(Region):
                raise ConfigurationError(
                    f"FRONTEGG_REGION must be one of {', '.join(Region)}, got {self.region!r}; an "
                    "own domain goes to FRONTEGG_BASE_URL"
                )
            filled["region"], filled["base_url"] = self.region, self.base_url
        if given.get("proxy") is None:
            filled["proxy"] = self.proxy
        if given.get("application_id") is None:
            filled["application_id"] = self.application_id
        if given.get("fleet") is None and self.fleet_url is not None:
            from ..fleet.redis_fleet import RedisFleet

            filled["fleet"] = RedisFleet.from_url(self.fleet_url)
        return filled

    def session(self, given: SessionArguments) -> SessionArguments:
        """Return arguments with those of ``connection`` and the environment id filled in.

        Raises:
            ConfigurationError: as for ``connection``.
        """
        filled: SessionArguments = {**given, **self.connection(given)}
        if given.get("environment_id") is None:
            filled["environment_id"] = self.environment_id
        return filled
