"""Users who are moved to Frontegg from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast

import msgspec
from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel
from .authentication import IdentityProvider
from .metadata import Metadata, encode_metadata
from .tasks import is_end

PasswordHashType: TypeAlias = Literal[
    "bcrypt", "scrypt", "firebase-scrypt", "pbkdf2", "argon2", "sha256", "sha1"
]
"""Hash algorithms of migrated users' passwords."""

PhoneNumberUse: TypeAlias = Literal["auth", "mfa"]
"""Purposes of a migrated phone number: signing in, or the second factor."""


class MigratedEmail(RequestModel, frozen=True, kw_only=True):
    """One of a migrated user's e-mail addresses.

    Args:
        email: the address.
        primary: True if it is the address that Frontegg writes to.
        verified: True if it is known to be the user's.
    """

    email: str
    primary: bool
    verified: bool


class _MigratedUser(RequestModel, frozen=True, kw_only=True):
    """Fields of a user that both versions of the API take."""

    tenant_id: str
    name: str | UnsetType = UNSET
    profile_picture_url: str | UnsetType = UNSET
    password_hash: str | UnsetType = UNSET
    password_hash_type: PasswordHashType | UnsetType = UNSET
    password_hash_config: str | UnsetType = UNSET
    authenticator_app_mfa_secret: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    phone_number_type: PhoneNumberUse | UnsetType = UNSET
    provider: IdentityProvider | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    vendor_metadata: Metadata | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        for name in ("metadata", "vendor_metadata"):
            text = encode_metadata(cast("Metadata | UnsetType", getattr(self, name)))
            msgspec.structs.force_setattr(self, name, text)


class MigratedUser(_MigratedUser, frozen=True, kw_only=True):
    """A user to be moved to Frontegg, with any number of e-mail addresses.

    Args:
        tenant_id: the tenant that the user becomes a member of.
        emails: addresses; Frontegg needs one of these or a ``username``.
        username: at most 128 characters.
        name: name for people.
        profile_picture_url: at most 4,095 characters.
        password_hash: hash of the password; of scrypt with the salt in it.
        password_hash_type: hash algorithm.
        password_hash_config: parameters of scrypt, as JSON in a string.
        authenticator_app_mfa_secret: secret of the user's authenticator app.
        phone_number: such as ``+16037184056``, of no other user; it enrolls the user in MFA.
        phone_number_type: purpose of the number.
        provider: identity provider; ``local`` if not given.
        metadata: your own data, as an object or as JSON in a string.
        role_ids: roles; without them the user gets the default ones.
        vendor_metadata: your own data that no user sees.
        external_id: your own id of the user.
    """

    emails: tuple[MigratedEmail, ...] | UnsetType = UNSET


class MigratedUserV1(_MigratedUser, frozen=True, kw_only=True):
    """A user to be moved to Frontegg, with one e-mail address.

    Args:
        tenant_id: the tenant that the user becomes a member of.
        email: the address.
        verify_user: True if the address is known to be the user's; else the user
            has to be verified later.
        username: at most 128 characters.
        name: name for people.
        profile_picture_url: at most 4,095 characters.
        password_hash: hash of the password; of scrypt with the salt in it.
        password_hash_type: hash algorithm.
        password_hash_config: parameters of scrypt, as JSON in a string.
        authenticator_app_mfa_secret: secret of the user's authenticator app.
        phone_number: such as ``+16037184056``, of no other user; it enrolls the user in MFA.
        phone_number_type: purpose of the number.
        provider: identity provider; ``local`` if not given.
        metadata: your own data, as an object or as JSON in a string.
        role_ids: roles; without them the user gets the default ones.
        vendor_metadata: your own data that no user sees.
        external_id: your own id of the user.
    """

    email: str
    verify_user: bool | UnsetType = UNSET


class MigrateUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``migrations.migrate_users``."""

    users: tuple[MigratedUser, ...]


class MigrateUsersV1Request(RequestModel, frozen=True, kw_only=True):
    """Body of ``migrations.migrate_users_v1``."""

    users: tuple[MigratedUserV1, ...]


class CsvHashing(RequestModel, frozen=True, kw_only=True):
    """The algorithm behind the password hashes of a CSV file.

    Args:
        password_hash_type: hash algorithm.
        password_hash_config: parameters of scrypt, as JSON in a string.
    """

    password_hash_type: PasswordHashType
    password_hash_config: str | UnsetType = UNSET


class MigrateUsersFromCsvRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``migrations.migrate_users_from_csv``, sent in parts."""

    csv: bytes
    fields_mapper: Mapping[str, str]
    hashing_config: CsvHashing | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"{type(self).__name__}(csv=<{len(self.csv):,} bytes>)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return for rich as much as ``repr`` shows: the file holds password hashes."""
        return [("csv", f"<{len(self.csv):,} bytes>")]


class MigrateFromAuth0Request(RequestModel, frozen=True, kw_only=True):
    """Body of ``migrations.migrate_from_auth0``."""

    domain: str
    client_id: str
    secret: str
    tenant_id_field_name: str
    is_tenant_id_on_user_metadata: bool | UnsetType = UNSET


class StartedMigration(ResponseModel, frozen=True, kw_only=True):
    """Work that has been begun; its id comes under one name or the other."""

    migration_id: str | None = None
    id: str | None = None


class UserMigrationStatus(ResponseModel, frozen=True, kw_only=True):
    """Progress of a migration of users.

    Frontegg says that it tells the state, the errors, and at most 1,000 users, but not in which
    form: the names other than ``state`` are guesses.
    """

    state: str | None = None
    status: str | None = None
    errors: Any = None
    users: Any = None

    @property
    def finished(self) -> bool:
        """True if it has ended, well or not."""
        return is_end(self.state) or is_end(self.status)
