"""The call for clients that send and receive bytes: its URL, head, body and result."""

from __future__ import annotations

from pathlib import Path

import msgspec

from frontegg_async.models.users import AddToTenantRequest, User

from . import Target


class Wire:
    """The request of ``users.add_to_tenant``, and the decoder of its response.

    It does what the tuned script does, so that all the difference is the client's: the same
    headers, the same Struct encoded for each call, and the same decoded from the response.
    """

    def __init__(self, target: Target) -> None:
        self.headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {target.token}",
            "Content-Type": "application/json",
        }
        self.certificate = None if target.ca_file is None else Path(target.ca_file).read_bytes()
        self._users = f"{target.url}/identity/resources/users/v1"
        self._tenant_id = target.tenant_id
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(User).decode

    def url(self, user_id: str) -> str:
        """Return the URL for a user."""
        return f"{self._users}/{user_id}/tenant"

    def body(self) -> bytes:
        """Encode the body."""
        return self._encode(AddToTenantRequest(tenant_id=self._tenant_id, skip_invite_email=True))

    def user_id(self, status: int, body: bytes) -> str:
        """Decode the user of a response, and return the id.

        Raises:
            RuntimeError: the status is not 201.
        """
        if status != 201:
            raise RuntimeError(f"status {status}")
        return self._decode(body).id
