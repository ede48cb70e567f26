"""Invitations into tenants, and the settings for them."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel


class Invitation(ResponseModel, frozen=True, kw_only=True):
    """An invitation into a tenant; one that any user may accept has no ``user_id``."""

    id: Id
    vendor_id: str | None = None
    tenant_id: str | None = None
    user_id: str | None = None
    token: str | None = None
    expires: datetime | None = None
    should_send_email: bool | None = None
    name: str | None = None
    role_ids: tuple[str, ...] | None = None


class InvitationConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Settings that let tenants invite, and Frontegg send the e-mails."""

    tenant_invitations_allowed: bool | None = None
    emails_enabled: bool | None = None


class InvitationStrategy(ResponseModel, frozen=True, kw_only=True):
    """The way in which users accept, ``code`` or ``link``, and the life of a code."""

    strategy: str | None = None
    code_expiration: Number | None = None


class CreateInvitationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.create``."""

    tenant_id: str
    user_id: str | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    expires_in_minutes: Number | UnsetType = UNSET
    should_send_email: bool | UnsetType = UNSET


class CreateUserInvitationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.create_for_user``."""

    role_ids: tuple[str, ...]
    expires_in_minutes: Number
    should_send_email: bool


class CreateUserInvitationV1Request(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.create_for_user_v1``."""

    expires_in_minutes: Number
    should_send_email: bool


class UpdateUserInvitationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.update_for_user``."""

    expires_in_minutes: Number | UnsetType = UNSET
    should_send_email: bool | UnsetType = UNSET


class VerifyInvitationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.verify``."""

    token: str


class AcceptInvitationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.accept``."""

    user_id: str
    token: str


class AcceptInvitationWithCodeRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.accept_with_code``."""

    user_id: str
    token: str
    code: str


class ResendInvitationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.resend`` and ``invitations.resend_all``."""

    email: str


class UpdateInvitationStrategyRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``invitations.update_strategy``."""

    code_expiration: Number | UnsetType = UNSET
