"""A fleet as a value: its URL, its pickle, its errors, and the settings that name it."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any, Final

import pytest
from rich.pretty import pretty_repr

from frontegg_async import ConfigurationError, FronteggSession, MemoryFleet, RedisFleet
from frontegg_async._core.secret import Secret

from ..support.sessions import API_KEY

PASSWORD: Final = "canary-pw-71c3"
URL: Final = f"rediss://app:{PASSWORD}@redis.internal:6380/3?ssl_cert_reqs=required"


def test_a_fleet_is_a_value() -> None:
    """Pickled, copied or made again from its URL, a fleet is equal to itself, and stays frozen."""
    fleet = RedisFleet.from_url(URL, prefix="app:")
    again: object = pickle.loads(pickle.dumps(fleet))  # noqa: S301  # our own
    assert again == fleet == RedisFleet.from_url(Secret(URL), prefix="app:")
    assert hash(again) == hash(fleet)
    assert again != RedisFleet.from_url(URL)
    with pytest.raises(AttributeError):
        fleet.prefix = "other:"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_no_password_is_shown() -> None:
    """Neither ``repr`` nor rich shows the password, as part of the URL or as an option of it."""
    for url in (URL, f"redis://redis.internal:6380/3?password={PASSWORD}"):
        fleet = RedisFleet.from_url(url)
        session = FronteggSession(client_id="id", api_key=API_KEY, fleet=fleet)
        for shown in (repr(fleet), pretty_repr(fleet), repr(session._settings)):
            assert PASSWORD not in shown
        assert "redis.internal:6380/3" in repr(fleet)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must be a URL like redis://host:6379/0"),
        (5, "must be a string like redis://host:6379/0, got int"),
        ("redis.internal", "must begin with redis://"),
        (f"https://:{PASSWORD}@host", "must begin with redis://"),
        (f"redis+cluster://:{PASSWORD}@host", "must begin with redis://"),
        (f"redis://:{PASSWORD}@", "must name a host"),
        (f"redis://:{PASSWORD}/x@host", "percent-encoded"),
        (f"redis://:{PASSWORD}@host:port", "percent-encoded"),
        (f"redis://:{PASSWORD}@host:99999", "percent-encoded"),
        (f"redis://:{PASSWORD}@ho st", "without blanks"),
        (f"redis://:{PASSWORD}@host/db", "number of a database"),
        (f"redis://:{PASSWORD}@host/0#x", "fragment"),
        ("unix://", "must name a socket"),
        (f"redis://:{PASSWORD}@host?no_such_option=1", "has an option"),
        (f"redis://:{PASSWORD}@host?socket_connect_timeout=soon", "has an option"),
        (f"redis://:{PASSWORD}@host?ssl_ca_certs=/ca.pem", "has an option"),
        (f"rediss://:{PASSWORD}@host?ssl_cert_reqs=maybe", "has an option"),
    ],
)
def test_a_url_that_cannot_work(url: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad URL is a ConfigurationError before a session exists, and its password is not told."""
    with pytest.raises(ConfigurationError) as caught:
        RedisFleet.from_url(url)
    assert said in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
    if isinstance(url, str) and url:
        monkeypatch.setenv("FRONTEGG_CLIENT_ID", "id")
        monkeypatch.setenv("FRONTEGG_API_KEY", API_KEY)
        monkeypatch.setenv("FRONTEGG_FLEET_URL", url)
        with pytest.raises(ConfigurationError, match="FRONTEGG_FLEET_URL"):
            FronteggSession.from_env()


@pytest.mark.parametrize("prefix", [5, "a{b}", "}"])
def test_a_prefix_that_cannot_work(prefix: Any) -> None:
    """A prefix whose braces would choose the slot of a cluster is rejected."""
    with pytest.raises(ConfigurationError, match="prefix"):
        RedisFleet.from_url("redis://host", prefix=prefix)


@pytest.mark.parametrize("fleet", ["redis://host", RedisFleet, 5])
def test_what_is_no_fleet(fleet: Any) -> None:
    """A URL or a class in place of a fleet is named by its type."""
    said = f"fleet must have new_member, got {type(fleet).__name__}"
    with pytest.raises(ConfigurationError, match=said):
        FronteggSession(client_id="id", api_key=API_KEY, fleet=fleet)


def test_a_fleet_of_one_process_is_not_pickled() -> None:
    """A MemoryFleet says by itself that another process cannot join it."""
    with pytest.raises(TypeError, match="RedisFleet"):
        pickle.dumps(MemoryFleet())


def test_without_the_extra() -> None:
    """Without redis-py the names can be imported, and a fleet in Redis says how to install it."""
    script = (
        "import sys\nsys.modules['redis'] = None\n"
        "from frontegg_async import ConfigurationError, Fleet, MemoryFleet, RedisFleet\n"
        "MemoryFleet()\n"
        "try:\n    RedisFleet.from_url('redis://host')\n"
        "except ConfigurationError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "RedisFleet needs redis: pip install 'frontegg-async[redis]'"


def test_the_environment_names_a_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    """``from_env`` joins the fleet of ``FRONTEGG_FLEET_URL``, and an argument beats it."""
    monkeypatch.setenv("FRONTEGG_CLIENT_ID", "id")
    monkeypatch.setenv("FRONTEGG_API_KEY", API_KEY)
    monkeypatch.setenv("FRONTEGG_FLEET_URL", URL)
    assert FronteggSession.from_env()._settings.fleet == RedisFleet.from_url(URL)
    other = MemoryFleet()
    assert FronteggSession.from_env(fleet=other)._settings.fleet is other
