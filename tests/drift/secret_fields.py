"""Fields of Structs whose names say that their strings are secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from .instances import Field, fields_of, present

SECRET_WORDS: Final = re.compile(
    r"password|secret|token|jwt|otp|code|link|hash|salt|qr|private|credential|recovery|assertion"
)
"""Words in the names of fields that must not be read in a log."""
NO_SECRETS: Final = re.compile(
    # Its name, its end or its purpose: not the secret.
    r".*(_id|_ids|_type|_at|_in|_expiration\w*|_time|_url|_name|_method|_length|_status|_key"
    r"|_algorithm|_uri|_payload)"
    r"|country_code|post_code|status_code|error_code|vendor_id|hash_type|hashing_\w+"
)


def secrets_in(struct: Any) -> Iterator[Field]:
    """Yield the fields whose names say that their texts are secret."""
    for field in fields_of(struct):
        named = SECRET_WORDS.search(field.name) and not NO_SECRETS.fullmatch(field.name)
        if named and str in present(field.hint):
            yield field
