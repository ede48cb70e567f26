"""Approval flows: steps that have to be approved before something is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel


class ApprovalFlowChannels(ResponseModel, frozen=True, kw_only=True):
    """Ways of asking approvers. Frontegg does not describe them: they are read as they are sent."""

    email: bool | None = None
    sms: bool | None = None


class ApprovalFlowConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Times and notifications of a flow."""

    auto_approve_in_minutes: Number | None = None
    reminder_interval_minutes: Number | None = None
    notify_on_decisions: bool | None = None
    logging: bool | None = None
    timeout_minutes: Number | None = None
    webhook_url: str | None = None


class ApproverSelectors(ResponseModel, frozen=True, kw_only=True):
    """Approvers of a step."""

    role_keys: tuple[str, ...] | None = None
    emails: tuple[str, ...] | None = None
    phone_numbers: tuple[str, ...] | None = None


class ApprovalStepConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Number of approvals that a step needs."""

    min_approvals: Number | None = None


class ApprovalFlowStep(ResponseModel, frozen=True, kw_only=True):
    """A step of a flow."""

    id: str | None = None
    step_order: Number | None = None
    approver_selectors: ApproverSelectors | None = None
    configuration: ApprovalStepConfiguration | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class ApprovalFlow(ResponseModel, frozen=True, kw_only=True):
    """An approval flow. Without a ``tenant_id`` it is one of the whole environment."""

    id: Id
    vendor_id: str | None = None
    tenant_id: str | None = None
    name: str | None = None
    description: str | None = None
    is_active: bool | None = None
    channels: ApprovalFlowChannels | None = None
    configuration: ApprovalFlowConfiguration | None = None
    steps: tuple[ApprovalFlowStep, ...] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class ApprovalFlowList(ResponseModel, frozen=True, kw_only=True):
    """Approval flows, and how many there are in all."""

    items: tuple[ApprovalFlow, ...]
    total: Number | None = None


class ApprovalExecution(ResponseModel, frozen=True, kw_only=True):
    """A request that an approver is asked about, and its requester."""

    approval_flow_name: str | None = None
    approval_flow_description: str | None = None
    requester: str | None = None
    approval_flow_request_date: datetime | None = None
    execution_data: dict[str, Any] | None = None


class ApprovalDecision(ResponseModel, frozen=True, kw_only=True):
    """Confirmation that a decision was recorded."""

    success: bool | None = None


class NewApprovalFlowChannels(RequestModel, frozen=True, kw_only=True):
    """Ways of asking approvers, to be set."""

    email: bool
    sms: bool


class NewApprovalFlowConfiguration(RequestModel, frozen=True, kw_only=True):
    """Times and notifications of a flow, to be set.

    Args:
        auto_approve_in_minutes: minutes after which silence is consent, from 1.
        reminder_interval_minutes: minutes between reminders, from 60.
        notify_on_decisions: True to notify of decisions.
        timeout_minutes: minutes after which it ends, from 5 to 10,080 (a week).
        webhook_url: URL that is called.
    """

    auto_approve_in_minutes: Number | UnsetType = UNSET
    reminder_interval_minutes: Number | UnsetType = UNSET
    notify_on_decisions: bool | UnsetType = UNSET
    timeout_minutes: Number | UnsetType = UNSET
    webhook_url: str | UnsetType = UNSET


class NewApproverSelectors(RequestModel, frozen=True, kw_only=True):
    """Approvers of a step, to be set.

    Args:
        role_keys: users with one of these roles, by their ``key``.
        emails: users with one of these e-mail addresses.
        phone_numbers: users with one of these phone numbers.
    """

    role_keys: Sequence[str] | UnsetType = UNSET
    emails: Sequence[str] | UnsetType = UNSET
    phone_numbers: Sequence[str] | UnsetType = UNSET


class NewApprovalStepConfiguration(RequestModel, frozen=True, kw_only=True):
    """Number of approvals that a step is to need: ``min_approvals``, from 1."""

    min_approvals: Number


class NewApprovalFlowStep(RequestModel, frozen=True, kw_only=True):
    """A step of a flow to be created.

    Args:
        approver_selectors: its approvers.
        configuration: number of approvals that it needs.
        step_order: its place, from 1.
    """

    approver_selectors: NewApproverSelectors
    configuration: NewApprovalStepConfiguration
    step_order: Number


class CreateApprovalFlowRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``approval_flows.create``."""

    name: str
    channels: NewApprovalFlowChannels
    configuration: NewApprovalFlowConfiguration
    steps: tuple[NewApprovalFlowStep, ...]
    description: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class UpdateApprovalFlowRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``approval_flows.update``."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    channels: NewApprovalFlowChannels | UnsetType = UNSET
    configuration: NewApprovalFlowConfiguration | UnsetType = UNSET
    steps: tuple[NewApprovalFlowStep, ...] | UnsetType = UNSET


class DecideApprovalRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``approval_flows.decide``."""

    approved: bool
    approval_flow_execution_id: str
    approver_id: str
    approval_flow_step_id: str


class ExecuteApprovalFlowRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``approval_flows.execute`` and ``approval_flows.execute_step_up``."""

    execution_data: Mapping[str, Any] | UnsetType = UNSET
    webhook_url: str | UnsetType = UNSET
