"""Which proxy a session sends through: its own, one that the environment names, or none.

A session has one host, so this is decided once, when the session is made. An https host is reached
by CONNECT: the proxy passes on TLS that ends at the server, and sees neither token nor secret. A
plain http host would be asked for in clear text, so a proxy for one is refused.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from ._secret import Secret
from .errors import ConfigurationError

_OWN: Final = "proxy (FRONTEGG_PROXY)"
_PORTS: Final = {"http": 80, "https": 443}


class Proxy(msgspec.Struct, frozen=True):
    """A proxy.

    Args:
        url: where it is, without its credentials.
        address: its host and port, for people.
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
    variables: Mapping[str, str] = os.environ,
) -> Proxy | None:
    """Return the proxy to reach ``base_url`` through, or None to connect to it directly.

    Args:
        base_url: the host of the session.
        proxy: URL of the session's own proxy, which comes before one of the environment.
        trust_env: whether ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` count.
        variables: the environment.

    Raises:
        ConfigurationError: the URL is not that of a proxy, or the proxy would see the token.
    """
    target = urlsplit(base_url)
    name, url = _OWN, proxy
    if trust_env:
        if _is_exempt(target, _variable(variables, "no_proxy")[1]):
            return None
        if url is None:
            name, text = _named_by(variables, target)
            url = Secret(text) if text else None
    if url is None:
        return None
    found = _parsed(name, url)
    if target.scheme.lower() != "https":
        way_out = f"name {target.hostname} in NO_PROXY" if trust_env else "leave out the proxy"
        raise ConfigurationError(
            f"{name} would see the api key and tokens, because base_url is http and not https: "
            f"{way_out}"
        )
    return found


def unused_variable(base_url: str, variables: Mapping[str, str] = os.environ) -> str | None:
    """Return the name of the variable that would name a proxy if ``trust_env`` were set."""
    target = urlsplit(base_url)
    if _is_exempt(target, _variable(variables, "no_proxy")[1]):
        return None
    name, url = _named_by(variables, target)
    return name if url else None


def not_used(name: str) -> str:
    """Return the sentence about a variable that names a proxy which is not used."""
    return f"{name} is set and not used: trust_env=True uses it, and proxy= names another"


def _named_by(variables: Mapping[str, str], target: SplitResult) -> tuple[str, str]:
    for name in (f"{target.scheme.lower()}_proxy", "all_proxy"):
        found = _variable(variables, name)
        if found[1]:
            return found
    return "", ""


def _variable(variables: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return a variable in the spelling that is set, of the two that are in use."""
    for spelling in (name, name.upper()):
        value = variables.get(spelling, "").strip()
        if value:
            return spelling, value
    return name.upper(), ""


def _is_exempt(target: SplitResult, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` names a host: by itself, by a domain above it, or by its network."""
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


def _parsed(name: str, url: Secret) -> Proxy:
    """Read the URL of a proxy. No message shows any of it: it may hold a password."""
    text: object = url.reveal()
    if not isinstance(text, str) or not text.strip() or not text.isprintable():
        raise ConfigurationError(f"{name} must be a URL like http://host:port")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        raise ConfigurationError(
            f"{name} is not a URL like http://host:port; in a user name or a password, /, ?, #, "
            "@ and : are percent-encoded"
        ) from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ConfigurationError(f"{name} must begin with http:// or https://: no other works")
    if not host or not host.isascii() or any(char.isspace() for char in parts.netloc):
        raise ConfigurationError(f"{name} must be a URL like http://host:port")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} has a path or a query, which the URL of a proxy has not")
    address = f"[{host}]" if ":" in host else host
    address = f"{address}:{_PORTS[scheme] if port is None else port}"
    return Proxy(f"{scheme}://{address}", address, _authorization(name, parts))


def _authorization(name: str, parts: SplitResult) -> Secret | None:
    if parts.username is None and parts.password is None:
        return None
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    if not pair.isprintable():
        raise ConfigurationError(f"{name} has a control character in its user name or password")
    return Secret(f"Basic {b64encode(pair.encode()).decode()}")
