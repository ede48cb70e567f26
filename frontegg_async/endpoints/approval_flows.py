"""Approval flows: steps that have to be approved before something is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from ..models.approval_flows import (
    ApprovalDecision,
    ApprovalExecution,
    ApprovalFlow,
    ApprovalFlowList,
    CreateApprovalFlowRequest,
    DecideApprovalRequest,
    ExecuteApprovalFlowRequest,
    NewApprovalFlowChannels,
    NewApprovalFlowConfiguration,
    NewApprovalFlowStep,
    UpdateApprovalFlowRequest,
)
from ..operation import Echo, Operation, RetrySafety, TenantHeader, TokenKind, UserHeader
from ._group import EndpointGroup

CREATE: Final = Operation(
    "approval_flows.create",
    "POST",
    "/identity/resources/approval-flows/v1",
    ApprovalFlow,
    body=CreateApprovalFlowRequest,
)
GET_ALL: Final = Operation(
    "approval_flows.get_all",
    "GET",
    "/identity/resources/approval-flows/v1",
    ApprovalFlowList,
)
GET: Final = Operation(
    "approval_flows.get",
    "GET",
    "/identity/resources/approval-flows/v1/{id}",
    ApprovalFlow,
)
UPDATE: Final = Operation(
    "approval_flows.update",
    "PATCH",
    "/identity/resources/approval-flows/v1/{id}",
    ApprovalFlow,
    body=UpdateApprovalFlowRequest,
    repeat=RetrySafety.IDEMPOTENT,
    echo=Echo("id"),
)
DELETE: Final = Operation(
    "approval_flows.delete",
    "DELETE",
    "/identity/resources/approval-flows/v1/{id}",
    NoneType,
)
DECIDE: Final = Operation(
    "approval_flows.decide",
    "POST",
    "/identity/resources/approval-flows/v1/approver-action",
    # The specification shows no answer; Frontegg's own browser client reads one (client).
    ApprovalDecision,
    body=DecideApprovalRequest,
    token=TokenKind.EITHER,
)
GET_EXECUTION: Final = Operation(
    "approval_flows.get_execution",
    "GET",
    "/identity/resources/approval-flows/v1/execution-data",
    ApprovalExecution,
    token=TokenKind.EITHER,
)
EXECUTE: Final = Operation(
    "approval_flows.execute",
    "POST",
    "/identity/resources/approval-flows/v1/{id}/execute",
    NoneType,
    body=ExecuteApprovalFlowRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)
EXECUTE_STEP_UP: Final = Operation(
    "approval_flows.execute_step_up",
    "POST",
    "/identity/resources/approval-flows/v1/step-up/execute",
    NoneType,
    body=ExecuteApprovalFlowRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)


class ApprovalFlows(EndpointGroup):
    """The approval flows of an environment."""

    async def create(
        self,
        *,
        name: str,
        channels: NewApprovalFlowChannels,
        configuration: NewApprovalFlowConfiguration,
        steps: Sequence[NewApprovalFlowStep],
        description: str | UnsetType = UNSET,
        is_active: bool | UnsetType = UNSET,
    ) -> ApprovalFlow:
        """Create an approval flow, and return it.

        Args:
            name: name for people.
            channels: ways of asking approvers.
            configuration: times and notifications.
            steps: approvers in order.
            description: for people.
            is_active: True if it can be started.

        POST /identity/resources/approval-flows/v1
        """
        body = CreateApprovalFlowRequest(
            name=name,
            channels=channels,
            configuration=configuration,
            steps=tuple(steps),
            description=description,
            is_active=is_active,
        )
        return await self._caller.call(CREATE, body=body)

    async def get_all(self) -> ApprovalFlowList:
        """Return the approval flows, and how many there are in all.

        GET /identity/resources/approval-flows/v1
        """
        return await self._caller.call(GET_ALL)

    async def get(self, flow_id: str) -> ApprovalFlow:
        """Return an approval flow.

        GET /identity/resources/approval-flows/v1/{id}
        """
        return await self._caller.call(GET, flow_id)

    async def update(
        self,
        flow_id: str,
        *,
        name: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        is_active: bool | UnsetType = UNSET,
        channels: NewApprovalFlowChannels | UnsetType = UNSET,
        configuration: NewApprovalFlowConfiguration | UnsetType = UNSET,
        steps: Sequence[NewApprovalFlowStep] | UnsetType = UNSET,
    ) -> ApprovalFlow:
        """Change an approval flow, and return it. Fields left out stay as they are.

        Args:
            flow_id: the flow.
            name: name for people.
            description: for people.
            is_active: True if it can be started.
            channels: ways of asking approvers.
            configuration: times and notifications.
            steps: approvers in order, in place of all steps there are.

        PATCH /identity/resources/approval-flows/v1/{id}
        """
        body = UpdateApprovalFlowRequest(
            name=name,
            description=description,
            is_active=is_active,
            channels=channels,
            configuration=configuration,
            steps=steps if isinstance(steps, UnsetType) else tuple(steps),
        )
        return await self._caller.call(UPDATE, flow_id, body=body)

    async def delete(self, flow_id: str) -> None:
        """Delete an approval flow.

        DELETE /identity/resources/approval-flows/v1/{id}
        """
        await self._caller.call(DELETE, flow_id)

    async def decide(
        self,
        *,
        approved: bool,
        approval_flow_execution_id: str,
        approver_id: str,
        approval_flow_step_id: str,
    ) -> ApprovalDecision:
        """Approve or decline for an approver, and return whether it was recorded.

        Args:
            approved: False to decline.
            approval_flow_execution_id: execution that the approver was asked about.
            approver_id: approver who decides.
            approval_flow_step_id: the step that this approver has to decide.

        POST /identity/resources/approval-flows/v1/approver-action, with the environment's or a
        user's token
        """
        body = DecideApprovalRequest(
            approved=approved,
            approval_flow_execution_id=approval_flow_execution_id,
            approver_id=approver_id,
            approval_flow_step_id=approval_flow_step_id,
        )
        return await self._caller.call(DECIDE, body=body)

    async def get_execution(
        self,
        *,
        approval_flow_execution_id: str,
        approver_id: str,
        approval_flow_step_id: str,
    ) -> ApprovalExecution:
        """Return the request that an approver is asked about, and its requester.

        GET /identity/resources/approval-flows/v1/execution-data, with the environment's or a
        user's token
        """
        query = {
            "approvalFlowExecutionId": approval_flow_execution_id,
            "approverId": approver_id,
            "approvalFlowStepId": approval_flow_step_id,
        }
        return await self._caller.call(GET_EXECUTION, query=query)

    async def execute(
        self,
        flow_id: str,
        *,
        execution_data: Mapping[str, Any] | UnsetType = UNSET,
        webhook_url: str | UnsetType = UNSET,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Start an approval flow: its approvers are asked.

        Args:
            flow_id: the flow.
            execution_data: the application's own, shown to approvers.
            webhook_url: URL that is called.
            user_id: user who requests it.
            tenant_id: the tenant that it is for.

        POST /identity/resources/approval-flows/v1/{id}/execute, with the environment's or a
        user's token
        """
        body = ExecuteApprovalFlowRequest(execution_data=execution_data, webhook_url=webhook_url)
        await self._caller.call(EXECUTE, flow_id, body=body, user_id=user_id, tenant_id=tenant_id)

    async def execute_step_up(
        self,
        *,
        execution_data: Mapping[str, Any] | UnsetType = UNSET,
        webhook_url: str | UnsetType = UNSET,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Start the approval flow of a step-up: its approvers are asked.

        Args:
            execution_data: the application's own, shown to approvers.
            webhook_url: URL that is called.
            user_id: user who requests it.
            tenant_id: the tenant that it is for.

        POST /identity/resources/approval-flows/v1/step-up/execute, with the environment's or a
        user's token
        """
        body = ExecuteApprovalFlowRequest(execution_data=execution_data, webhook_url=webhook_url)
        await self._caller.call(EXECUTE_STEP_UP, body=body, user_id=user_id, tenant_id=tenant_id)
