"""Checks tokens with the official ``frontegg`` package: a program of its own, as it is blocking.

Arguments are the client id, the API key, and a user token and an access token to check. The claims
of both go to stdout as JSON, with an error's class in place of those that it rejects.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

# The package has no types.
common: Any = import_module("frontegg.common")
identity: Any = import_module("frontegg.common.identity_mixin")

client_id, api_key, user_token, access_token = sys.argv[1:]
client: Any = identity.IdentityClientMixin(common.FronteggAuthenticator(client_id, api_key))
found: dict[str, Any] = {}
for kind, token in (("JWT", f"Bearer {user_token}"), ("AccessToken", access_token)):
    try:
        found[kind] = client.validate_identity_on_token(token, {"roles": ["Admin"]}, kind)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what the package says
        found[kind] = type(error).__name__
sys.stdout.write(json.dumps(found))
