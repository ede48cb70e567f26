"""Choice of the proxy of a session: its own, one that the environment names, or none.

A session has one host, so this is decided once, when the session is made. An https host is reached
by CONNECT: the proxy passes on TLS that ends at the server, and sees neither token nor secret. A
plain http host would be asked for in clear text, so a proxy for one is rejected.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from ..errors import ConfigurationError
from .secret import Secret

_OWN: Final = "proxy (FRONTEGG_PROXY)"
_PORTS: Final = {"http": 80, "https": 443}


class Proxy(msgspec.Struct, frozen=True):
    """A proxy.

    Args:
        url: URL without the credentials.
        address: host and port, for messages.
        authorization: value of ``Proxy-Authorization``, or None.
    """

    url: str
    address: str
    authorization: Secret | None


def proxy_for(
    base_url: str,
    proxy: Secret | None,
    *,
    trust_env: bool,
    variables: Mapping[str, str] | None = None,
) -> Proxy | None:
    """Return the proxy to reach ``base_url`` through, or None to connect to it directly.

    Args:
        base_url: the host of the session.
        proxy: URL of the session's own proxy, which comes before one of the environment.
        trust_env: True if ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` count.
        variables: the environment, if not this process's.

    Raises:
        ConfigurationError: the URL is not that of a proxy, or the proxy would see the token.
    """
    target = urlsplit(base_url)
    name, url = _OWN, proxy
    if trust_env:
        if _is_exempt(target, variables):
            return None
        if url is None:
            name, url = _named_by(target, variables)
    if url is None:
        return None
    found = _read(url)
    if isinstance(found, str):
        raise ConfigurationError(f"{name} {found}")
    if target.scheme.lower() != "https":
        way_out = f"name {target.hostname} in NO_PROXY" if trust_env else "leave out the proxy"
        raise ConfigurationError(
            f"{name} would see the api key and tokens, because base_url is http and not https: "
            f"{way_out}"
        )
    return found


def unused_variable(base_url: str, variables: Mapping[str, str] | None = None) -> str | None:
    """Return the name of the variable that would name a proxy if ``trust_env`` were set."""
    target = urlsplit(base_url)
    if target.scheme.lower() != "https" or _is_exempt(target, variables):
        return None
    name, url = _named_by(target, variables)
    return None if url is None else name


def not_used(name: str) -> str:
    """Return the sentence about a variable that names a proxy which is not used."""
    return f"{name} is set and not used: trust_env=True uses it, and proxy= names another"


# The environment. No function that raises has it, nor a value of it, in a variable: tracebacks may
# show variables.


def _named_by(
    target: SplitResult, variables: Mapping[str, str] | None
) -> tuple[str, Secret | None]:
    for name in (f"{target.scheme.lower()}_proxy", "all_proxy"):
        spelling, value = _variable(name, variables)
        if value:
            return spelling, Secret(value)
    return "", None


def _variable(name: str, variables: Mapping[str, str] | None) -> tuple[str, str]:
    """Return a variable in the spelling that is set, of the two that are in use."""
    source = os.environ if variables is None else variables
    for spelling in (name, name.upper()):
        value = source.get(spelling, "").strip()
        if value:
            return spelling, value
    return name.upper(), ""


def _is_exempt(target: SplitResult, variables: Mapping[str, str] | None) -> bool:
    """Return whether ``NO_PROXY`` names a host: itself, a domain above it, or its network."""
    no_proxy = _variable("no_proxy", variables)[1]
    host = (target.hostname or "").rstrip(".")
    port = target.port or _PORTS.get(target.scheme.lower(), 0)
    for entry in no_proxy.lower().replace(",", " ").split():
        if entry == "*" or _in_network(host, entry):
            return True
        name, _, wanted = entry.rpartition(":")
        if not (name and wanted.isdecimal() and "]" not in wanted):
            name, wanted = entry, ""
        name = name.strip("[]").lstrip("*").strip(".")
        named = bool(name) and (host == name or host.endswith(f".{name}"))
        if named and wanted in {"", str(port)}:
            return True
    return False


def _in_network(host: str, entry: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False


def _read(url: Secret) -> Proxy | str:
    """Read the URL of a proxy; return the problem if it is none.

    Neither raises nor shows any of it: it may hold a password.
    """
    text: object = url.reveal()
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # not every caller checks types
        return f"must be a string like http://host:port, got {type(text).__name__}"
    if not text.strip() or not text.isprintable():
        return "must be a URL like http://host:port"
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        return (
            "is not a URL like http://host:port; in a user name or a password, /, ?, #, @ and : "
            "are percent-encoded"
        )
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        return "must begin with http:// or https://: no other kind of proxy works"
    if not host or not host.isascii() or any(char.isspace() for char in parts.netloc):
        return "must be a URL like http://host:port"
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        return "has a path or a query, which the URL of a proxy has not"
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    if not pair.isprintable():
        return "has a control character in its user name or password"
    address = f"[{host}]" if ":" in host else host
    address = f"{address}:{_PORTS[scheme] if port is None else port}"
    authorization = None if pair == ":" else Secret(f"Basic {b64encode(pair.encode()).decode()}")
    return Proxy(f"{scheme}://{address}", address, authorization)
