"""The script as it is sent to Redis."""

from __future__ import annotations

import pytest

from frontegg_async.fleet.lua_source import FUNCTIONS_HEADING, without_names


def test_a_field_that_a_record_lacks_is_an_error() -> None:
    """A misspelt field is found when the script is made, and is not nil while it runs."""
    text = f"{FUNCTIONS_HEADING}return S.taken + S.refused"
    assert "S[1] + S[2]" in without_names(text, {"S": ("taken", "refused")})
    with pytest.raises(KeyError, match="refused"):
        without_names(text, {"S": ("taken",)})
