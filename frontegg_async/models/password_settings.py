"""Rules for passwords: complexity, history and expiry."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel


class PasswordTests(ResponseModel, frozen=True, kw_only=True):
    """Tests of passwords."""

    # The specification shows no properties (client: Frontegg's Terraform provider reads these).
    require_lowercase: bool | None = None
    require_uppercase: bool | None = None
    require_numbers: bool | None = None
    require_special_chars: bool | None = None
    check_three_repeated_chars: bool | None = None


class PasswordConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Rules that a password has to meet; lengths are in characters."""

    allow_passphrases: bool | None = None
    min_length: Number | None = None
    max_length: Number | None = None
    min_phrase_length: Number | None = None
    min_optional_tests_to_pass: Number | None = None
    block_pwned_passwords: bool | None = None
    optional_tests: PasswordTests | None = None
    required_tests: PasswordTests | None = None


class PasswordHistoryPolicy(ResponseModel, frozen=True, kw_only=True):
    """Number of a user's former passwords that may not be used again."""

    id: str | None = None
    enabled: bool | None = None
    history_size: Number | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class PasswordRotation(ResponseModel, frozen=True, kw_only=True):
    """Expiry of passwords and its notice to users, in minutes."""

    is_active: bool | None = None
    rotation_period: Number | None = None
    notification_period: Number | None = None
    tenant_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class NewPasswordTests(RequestModel, frozen=True, kw_only=True):
    """Tests to be made on a password.

    Args:
        require_lowercase: it has a small letter.
        require_uppercase: it has a capital letter.
        require_numbers: it has a digit.
        require_special_chars: it has a special character.
        check_three_repeated_chars: no character stands three times in a row.
    """

    # client: Frontegg's Terraform provider sends all five to either list; the specification
    # has the last one among required tests only, and the others among optional ones.
    require_lowercase: bool | UnsetType = UNSET
    require_uppercase: bool | UnsetType = UNSET
    require_numbers: bool | UnsetType = UNSET
    require_special_chars: bool | UnsetType = UNSET
    check_three_repeated_chars: bool | UnsetType = UNSET


class UpdatePasswordConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``password_settings.update_configuration``."""

    allow_passphrases: bool | UnsetType = UNSET
    min_length: Number | UnsetType = UNSET
    max_length: Number | UnsetType = UNSET
    min_phrase_length: Number | UnsetType = UNSET
    min_optional_tests_to_pass: Number | UnsetType = UNSET
    block_pwned_passwords: bool | UnsetType = UNSET
    optional_tests: NewPasswordTests | UnsetType = UNSET
    required_tests: NewPasswordTests | UnsetType = UNSET


class SetPasswordHistoryPolicyRequest(RequestModel, frozen=True, kw_only=True):
    """Body of creating and of updating ``password_settings``' history policy."""

    enabled: bool
    history_size: Number


class UpdatePasswordRotationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``password_settings.update_rotation``."""

    is_active: bool | UnsetType = UNSET
    rotation_period: Number | UnsetType = UNSET
    notification_period: Number | UnsetType = UNSET
