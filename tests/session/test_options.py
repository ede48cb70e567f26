"""Settings: invalid ones are rejected when they are given, by their names."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from frontegg_async import ConfigurationError, FronteggError, FronteggSession, Options, Region
from frontegg_async._core.environment import Environment
from frontegg_async._core.secret import MASK, Secret
from frontegg_async.options import check_header_value, resolve_base_url

VARIABLES = (
    "CLIENT_ID", "API_KEY", "SECRET_KEY", "REGION", "BASE_URL", "ENVIRONMENT_ID", "PROXY",
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of the environment in which the tests run."""
    for name in VARIABLES:
        monkeypatch.delenv(f"FRONTEGG_{name}", raising=False)


def session(**settings: Any) -> FronteggSession:
    given_settings: dict[str, Any] = {"client_id": "id", "api_key": "canary-key", **settings}
    return FronteggSession(**given_settings)


@pytest.mark.parametrize(
    ("region", "url"),
    [
        (None, "https://api.frontegg.com"),
        ("eu", "https://api.frontegg.com"),
        ("us", "https://api.us.frontegg.com"),
        ("ca", "https://api.ca.frontegg.com"),
        ("au", "https://api.au.frontegg.com"),
        (Region.AU, "https://api.au.frontegg.com"),
    ],
)
def test_regions(region: Region | str | None, url: str) -> None:
    """Each region is its host, and Europe is where nothing is said."""
    assert session(region=region).base_url == url


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("https://acme.frontegg.com", "https://acme.frontegg.com"),
        ("https://acme.frontegg.com/", "https://acme.frontegg.com"),
        ("https://proxy.test:8443/frontegg/", "https://proxy.test:8443/frontegg"),
        ("HTTPS://Acme.Frontegg.com", "https://acme.frontegg.com"),
        ("https://acme.frontegg.com:443/", "https://acme.frontegg.com"),
        ("https://acme.frontegg.com./Path/", "https://acme.frontegg.com/Path"),
        ("http://localhost:80", "http://localhost"),
        ("https://localhost:80", "https://localhost:80"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("http://localhost:8400", "http://localhost:8400"),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:8400", "http://[::1]:8400"),
    ],
)
def test_own_hosts(given_url: str, url: str) -> None:
    """An own host has one spelling, whose port and path are kept, without the slash at its end."""
    assert resolve_base_url(given_url, None) == url


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "acme.frontegg.com", "//acme.frontegg.com", "https://", "https:///path",
        "https:acme", "ftp://acme.test", "file:///etc/passwd", "javascript:alert(1)",
        "http://acme.test", "http://127.evil.example", "http://localhost.evil.example",
        "http://127.0.0.1.evil.example", "http://0.0.0.0", "http://10.0.0.1", "http://[::2]",
        "http://localhost@evil.example", "http://evil.example@localhost", "https://u:p@acme.test",
        "https://u@acme.test", "https://@acme.test", "http://evil.example\\@localhost",
        "https://acme.test?x=1", "https://acme.test#x", "https://acme.test/?", "https://acme.test#",
        "https://acme .test", " https://acme.test", "https://acme.test ", "https://acme.test\n",
        "https://ac\tme.test", "https://acme.test/\x00", "https://acme.test:port",
        "https://acme.test:99999", "https://[::1", "https://a..b", "https://" + "a" * 64 + ".test",
        "https://xn--\u00e4", "https://\ud800", "https://acme.test\\x",
    ],
)  # fmt: skip
def test_hosts_that_are_refused(url: str) -> None:
    """A ``base_url`` that is no host, or would send the key in clear text, is rejected."""
    with pytest.raises(ConfigurationError, match="base_url"):
        session(base_url=url)


@given(
    st.one_of(
        st.text(),
        st.text().map("https://".__add__),
        st.text().map("http://".__add__),
        st.text("?#/\\@:.a1[]%", max_size=8).map("https://acme".__add__),
    )
)
@example("https://0[::1]")
@example("https://[::1]80")
@example("https://[::1]]")
def test_any_text_as_a_host(url: str) -> None:
    """Any string is a ConfigurationError or a host that paths can follow."""
    try:
        resolved = resolve_base_url(url, None)
    except ConfigurationError:
        pass
    else:
        called = URL(f"{resolved}/identity", encoded=True)
        assert called.scheme == "https" or called.raw_host in {"localhost", "127.0.0.1"}
        assert called.raw_host
        assert called.raw_path.endswith("/identity")


@pytest.mark.parametrize("region", ["EU ", "mars", "eu-west-1", "", "https://api.frontegg.com", 5])
def test_unknown_regions(region: Any) -> None:
    """An unknown region is rejected with the names of the known ones."""
    with pytest.raises(ConfigurationError, match=r"region must be one of eu, us, ca, au"):
        session(region=region)


def test_a_region_and_a_host() -> None:
    """A region and a host together are rejected."""
    with pytest.raises(ConfigurationError, match="region or a base_url"):
        session(region="us", base_url="https://acme.test")


NAN, INF = float("nan"), float("inf")
SECONDS = ("timeout", "attempt_timeout", "connect_timeout", "max_wait")
WHOLE = ("max_attempts", "max_response_bytes")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, value)
            for name in SECONDS
            for value in (0, -1, NAN, INF, 10**400, "5", None, True)
        ),
        *((name, value) for name in WHOLE for value in (0, -1, 1.5, "5", None, True)),
    ],
)
def test_numbers_that_cannot_work(name: str, value: Any) -> None:
    """Each number is checked when it is given, and the message names the setting."""
    with pytest.raises(ConfigurationError, match=f"^{name} must be"):
        Options(**{name: value})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *(("client_id", value) for value in ("", " ", "a\nb", None, 5)),
        *(("api_key", value) for value in ("", " ", "canary\nb", None, 5, Secret(""))),
        *(("max_connections", value) for value in (0, -1, 1.5, True, None)),
        *(("environment_id", value) for value in ("", " ", "a\r\nb", 5)),
        *(("limits_plan", value) for value in ("", "Scale", "free", 5, True)),
    ],
)
def test_settings_that_cannot_work(setting: str, value: Any) -> None:
    """Every setting that cannot work is a ConfigurationError that says which, without the key."""
    with pytest.raises(ConfigurationError) as caught:
        session(**{setting: value})
    shown = str(caught.value)
    assert setting in shown.replace("frontegg-environment-id", "environment_id")
    assert "canary" not in shown


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "x"}, {"cookie": "x"}, {"HOST": "x"}, {"Content-Length": "1"},
        {"content-type": "x"}, {"Transfer-Encoding": "x"}, {"Connection": "x"},
        {"frontegg-tenant-id": "x"}, {"Frontegg-Environment-Id": "x"},
        {"": "x"}, {"a b": "x"}, {"a:b": "x"}, {"a\nb": "x"}, {"\u00e4": "x"},
        {"a/b": "x"}, {"Proxy-Authorization": "x"}, {"Upgrade": "x"}, {5: "x"},
        {"x-a": ""}, {"x-a": " "}, {"x-a": "a\r\nb: c"}, {"x-a": "a\x00"}, {"x-a": "a\x7f"},
        {"x-a": "a\x85"}, {"x-a": "\ud800"}, {"x-a": 5},
    ],
)  # fmt: skip
def test_headers_that_cannot_work(headers: Mapping[Any, Any]) -> None:
    """A header that is the session's own, or could end itself, is a ConfigurationError."""
    with pytest.raises(ConfigurationError) as caught:
        Options(headers=headers)
    assert repr(next(iter(headers))) in str(caught.value) or "x-a" in str(caught.value)


@given(st.text())
def test_header_values(value: str) -> None:
    """A value that passes the check is unchanged, and cannot end its header."""
    try:
        checked = check_header_value("x-a", value)
    except FronteggError:
        return
    assert checked == value
    assert not any(ord(char) < 0x20 or ord(char) == 0x7F for char in checked)
    assert checked.encode().decode() == value


def test_good_headers_are_kept() -> None:
    """Headers of one's own are taken as they are."""
    headers = {"x-request-source": "tests", "X_Under": "caf\u00e9"}
    assert dict(Options(headers=headers).headers) == headers


def test_headers_do_not_change_later() -> None:
    """Options are frozen: a dict that is changed after it was given changes nothing."""
    headers = {"x-a": "1"}
    options = Options(headers=headers)
    headers["authorization"] = "Bearer other"
    assert dict(options.headers) == {"x-a": "1"}


def test_options_are_frozen_and_copied_checked() -> None:
    """Options cannot be changed, and a changed copy is checked like a new one."""
    options = Options(timeout=5)
    with pytest.raises(AttributeError):
        options.timeout = 1  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert msgspec.structs.replace(options, timeout=6).timeout == 6
    with pytest.raises(ConfigurationError):
        msgspec.structs.replace(options, timeout=-1)
    with pytest.raises(TypeError):
        Options(timout=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_environment_with_everything() -> None:
    """Every variable is read, and surrounding blanks are not part of it."""
    found = Environment.read({f"FRONTEGG_{name}": f" {name} " for name in VARIABLES})
    assert found == Environment(
        client_id="CLIENT_ID",
        api_key=Secret("API_KEY"),
        region="REGION",
        base_url="BASE_URL",
        environment_id="ENVIRONMENT_ID",
        proxy=Secret("PROXY"),
    )


@pytest.mark.parametrize("empty", [{}, {f"FRONTEGG_{name}": " " for name in VARIABLES}])
def test_environment_with_nothing(empty: dict[str, str]) -> None:
    """A missing variable and an empty one are the same."""
    assert Environment.read(empty) == Environment()


@pytest.mark.parametrize(
    ("variables", "arguments", "url"),
    [
        ({}, {}, "https://api.frontegg.com"),
        ({"REGION": "us"}, {}, "https://api.us.frontegg.com"),
        ({"REGION": "us"}, {"region": "ca"}, "https://api.ca.frontegg.com"),
        ({"REGION": "us"}, {"base_url": "https://a.test"}, "https://a.test"),
        ({"BASE_URL": "https://a.test/"}, {}, "https://a.test"),
        ({"BASE_URL": "https://a.test"}, {"region": "ca"}, "https://api.ca.frontegg.com"),
        ({"BASE_URL": "https://a.test"}, {"base_url": "https://b.test"}, "https://b.test"),
        (
            {"BASE_URL": "https://a.test", "REGION": "us"},
            {"base_url": "https://b.test"},
            "https://b.test",
        ),
    ],
)
def test_from_env(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    arguments: dict[str, str],
    url: str,
) -> None:
    """Arguments beat the environment, whichever of the two ways names the host there."""
    for name, value in {"CLIENT_ID": "id", "API_KEY": "key", **variables}.items():
        monkeypatch.setenv(f"FRONTEGG_{name}", value)
    assert FronteggSession.from_env(**arguments).base_url == url  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "FRONTEGG_CLIENT_ID and FRONTEGG_API_KEY"),
        ({"CLIENT_ID": "id"}, "FRONTEGG_API_KEY"),
        ({"API_KEY": "canary-key"}, "FRONTEGG_CLIENT_ID"),
        ({"CLIENT_ID": "id", "API_KEY": "canary-key", "REGION": "mars"}, "FRONTEGG_REGION"),
        ({"CLIENT_ID": "id", "API_KEY": "canary-key", "BASE_URL": "http://a.test"}, "base_url"),
        (
            {
                "CLIENT_ID": "id",
                "API_KEY": "canary-key",
                "BASE_URL": "https://a.test",
                "REGION": "us",
            },
            "not both",
        ),
        ({"CLIENT_ID": "id", "API_KEY": "canary-key", "ENVIRONMENT_ID": "a\x01"}, "environment-id"),
    ],
)
def test_environments_that_cannot_work(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], message: str
) -> None:
    """Missing and contradictory variables are named, and the key is not shown."""
    for name, value in variables.items():
        monkeypatch.setenv(f"FRONTEGG_{name}", value)
    with pytest.raises(ConfigurationError, match=message) as caught:
        FronteggSession.from_env()
    assert "canary" not in str(caught.value)


def test_api_key_beats_secret_key() -> None:
    """Of the secret's two names the documented one counts, and the other one alone does too."""
    both = {"FRONTEGG_API_KEY": "first", "FRONTEGG_SECRET_KEY": "second"}
    assert Environment.read(both).api_key == Secret("first")
    del both["FRONTEGG_API_KEY"]
    assert Environment.read(both).api_key == Secret("second")


def test_secrets_do_not_show() -> None:
    """A secret shows a mask wherever it is printed, and cannot be pickled."""
    secret = Secret("canary-key")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!s:>20}", repr([secret])):
        assert "canary" not in shown
        assert MASK in shown
    assert secret.reveal() == "canary-key"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    assert "canary" not in repr(session())
