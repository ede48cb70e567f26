"""JWT templates: the claims of users' tokens, and rules that choose the template of a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel

JwtAlgorithm: TypeAlias = Literal["RS256", "HS256"]
"""Signature algorithms of tokens."""

JwtTemplateOrder: TypeAlias = Literal["id", "key", "name", "createdAt", "updatedAt"]
"""Keys by which JWT templates can be sorted."""

JwtTargetingAttribute: TypeAlias = Literal[
    "userId", "applicationId", "tenantId", "roleIds", "tokenType", "userEmail"
]
"""Attributes that a condition looks at."""

JwtTargetingOperator: TypeAlias = Literal["in_list", "contains", "ends_with"]
"""Operators of a condition."""


class JwtTemplateSchema(ResponseModel, frozen=True, kw_only=True):
    """The claims of tokens that a template makes, by name."""

    claims: dict[str, Any] | None = None


class JwtTemplate(ResponseModel, frozen=True, kw_only=True):
    """A JWT template; tokens made by it expire after ``expiration`` seconds."""

    id: Id
    vendor_id: str | None = None
    key: str | None = None
    name: str | None = None
    description: str | None = None
    expiration: Number | None = None
    algorithm: str | None = None
    template_schema: JwtTemplateSchema | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


# The specification shows no more than an object for the rules and for the operand of a condition;
# Frontegg's own Terraform provider reads and sends them like this (client).
class JwtTargetingCondition(ResponseModel, frozen=True, kw_only=True):
    """A condition of a rule."""

    attribute: str | None = None
    op: str | None = None
    value: dict[str, Any] | None = None
    negate: bool | None = None


class JwtTargetingRule(ResponseModel, frozen=True, kw_only=True):
    """A rule; ``treatment`` is the key of the template that it leads to."""

    condition_logic: str | None = None
    conditions: tuple[JwtTargetingCondition, ...] | None = None
    treatment: str | None = None


class JwtTargetingRules(ResponseModel, frozen=True, kw_only=True):
    """Rules, in the order in which they are tried."""

    rules: tuple[JwtTargetingRule, ...] | None = None


class JwtTemplateTargeting(ResponseModel, frozen=True, kw_only=True):
    """Rules that choose the template of a token."""

    id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    targeting: JwtTargetingRules | None = None


class NewJwtTemplateSchema(RequestModel, frozen=True, kw_only=True):
    """The claims of tokens that a template is to make.

    Args:
        claims: values by name. Frontegg wants ``iss``, ``sub``, ``aud``, ``exp`` and ``iat``
            among them, and keeps ``type`` and ``tenantId`` for itself, as its own Terraform
            provider has it.
    """

    claims: Mapping[str, Any]


class NewJwtTargetingCondition(RequestModel, frozen=True, kw_only=True):
    """A condition of a rule.

    Args:
        attribute: attribute that it looks at.
        op: operator.
        value: operand: ``{"list": ["one", "another"]}``.
        negate: True if it holds where the comparison does not.
    """

    attribute: JwtTargetingAttribute
    op: JwtTargetingOperator
    value: Mapping[str, Any]
    negate: bool


class NewJwtTargetingRule(RequestModel, frozen=True, kw_only=True):
    """A rule that leads to a template.

    Args:
        condition_logic: combination of conditions: all have to hold.
        conditions: conditions under which it applies.
        treatment: key of the template to use then.
    """

    condition_logic: Literal["and"]
    conditions: Sequence[NewJwtTargetingCondition]
    treatment: str


class CreateJwtTemplateRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``jwt_templates.create``."""

    key: str
    name: str
    expiration: Number
    algorithm: JwtAlgorithm
    template_schema: NewJwtTemplateSchema
    description: str | UnsetType = UNSET


class UpdateJwtTemplateRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``jwt_templates.update``."""

    key: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    expiration: Number | UnsetType = UNSET
    algorithm: JwtAlgorithm | UnsetType = UNSET
    template_schema: NewJwtTemplateSchema | UnsetType = UNSET
    description: str | UnsetType = UNSET


class SetJwtTargetingRequest(RequestModel, frozen=True, kw_only=True):
    """Body of the operations that write the targeting of JWT templates."""

    rules: tuple[NewJwtTargetingRule, ...] | UnsetType = UNSET
