"""Prehooks: requests that Frontegg waits for, and the verdicts that answer them.

==================================================================  =============
the header is that of webhooks                                        doc
a response within 5 seconds, or the hook has failed                   doc
a failed hook lets the user through (``OPEN``) or not (``CLOSE``)     client
``{data, prehookContext}``; the latter has ``tenantId`` and           client
``applicationId``
``data.user`` at sign-up and invitation, ``data.claims`` when a       client
token is made, ``data.samlMetadata``, ``data.authData``
the name of the event is ``eventKey`` or ``key``                      guess
``continue`` is true, or false with ``error``                         doc
``error.status`` is 400 to 499                                        doc
``error.message`` is an array of strings                              client
verdicts allow, block, challenge and lock                             doc
their field is ``verdict``, in API prehooks as in custom code         client; guess
``response.claims`` of a token, ``tenantId`` always among them        client
``response.user`` and ``response.tenant.id`` at sign-up               client
the status of the response is 200, also for a block                   guess
==================================================================  =============

*client* is code of Frontegg's Terraform provider and of its solution engineers. Both ``continue``
and ``verdict`` are sent, since one client knows this field and another that. A verdict that a
receiver does not know must not let a user in: ``continue`` is false for all but *allow*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from ..errors import ConfigurationError, InvalidRequestError
from .events import Received, first, ids_of, mapping, text, user_of

Form: TypeAlias = Literal["both", "verdict", "continue"]
"""Fields of the response: ``verdict``, ``continue``, or both of them."""

_BLOCKED: Final = "This is not allowed."
_CHALLENGED: Final = "Another proof of identity is required."
_LOCKED: Final = "This user is locked."


class Prehook(Received, frozen=True, kw_only=True):
    """Request of a prehook, about something that has not happened yet.

    Args:
        key: name of the event, such as ``SIGN_UP``, or None if the body does not have it.
        tenant_id: tenant in which it is to happen.
        user_id: user whom it is about, if there is one already.
        application_id: application that the user comes from.
        environment_id: environment, by its client id.
        email: e-mail address of the user.
        user: the user, if there is one already; ``data`` has one that is to be.
        claims: claims of a token that is to be made, or empty.
        data: the event that is to happen, such as a user who signs up.
        raw: the body, decoded from JSON.
    """

    key: str | None = None
    email: str | None = None
    claims: Mapping[str, Any]
    data: Mapping[str, Any]

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the fields for rich, without the address."""
        return [each for each in super().__rich_repr__() if each[0] != "email"]


def prehook_of(raw: Mapping[str, Any]) -> Prehook:
    """Return the prehook of a decoded body.

    Raises:
        InvalidRequestError: it has neither data nor a context.
    """
    data = mapping(raw.get("data"))
    context = mapping(raw.get("prehookContext")) or mapping(raw.get("eventContext"))
    if not data and not context:
        raise InvalidRequestError("the body is no prehook: it has neither data nor prehookContext")
    claims = mapping(data.get("claims"))
    auth_data, saml = mapping(data.get("authData")), mapping(data.get("samlMetadata"))
    user = mapping(data.get("user")) or mapping(auth_data.get("user"))
    ids = ids_of((context, raw, data), user)
    return Prehook(
        key=first((raw, context), "eventKey", "key"),
        tenant_id=ids["tenant_id"] or text(claims.get("tenantId")),
        user_id=ids["user_id"] or text(claims.get("sub")),
        application_id=ids["application_id"] or text(claims.get("applicationId")),
        environment_id=ids["environment_id"],
        email=first((user, claims, saml), "email"),
        user=user_of(user),
        claims=claims,
        data=data,
        raw=raw,
    )


def allow(
    *,
    claims: Mapping[str, Any] | None = None,
    user: Mapping[str, Any] | None = None,
    tenant_id: str | None = None,
    form: Form = "both",
) -> dict[str, Any]:
    """Return the response that lets the user go on.

    Args:
        claims: claims of the token that is made, such as ``{"customClaims": {...}}``. They need
            ``tenant_id``, which Frontegg wants to see among them.
        user: fields of the user who signs up or logs in, by their names on the wire, such as
            ``roleIds``.
        tenant_id: tenant of the token; without claims the tenant that the user is put in.
        form: fields that say so.

    Raises:
        ConfigurationError: there are claims without a tenant, or there is no such form.
    """
    response: dict[str, Any] = {}
    if claims is not None:
        response["claims"] = {**claims} if tenant_id is None else {**claims, "tenantId": tenant_id}
        if not response["claims"].get("tenantId"):
            raise ConfigurationError("claims need tenant_id: give that of the prehook")
    elif tenant_id is not None:
        response["tenant"] = {"id": tenant_id}
    if user is not None:
        response["user"] = {**user}
    return _body("allow", form, {"response": response} if response else {})


def block(message: str = _BLOCKED, *, status: int = 403, form: Form = "both") -> dict[str, Any]:
    """Return the response that stops the user.

    Args:
        message: text that the user is shown.
        status: HTTP status that the user's program gets, 400 to 499.
        form: fields that say so.

    Raises:
        ConfigurationError: the status is another one, or there is no such form.
    """
    return _stop("block", message, status, form)


def challenge(
    message: str = _CHALLENGED, *, status: int = 401, form: Form = "both"
) -> dict[str, Any]:
    """Return the response that asks the user for another factor; arguments as for ``block``.

    Raises:
        ConfigurationError: as for ``block``; or the form is ``continue``, which cannot say so.
    """
    return _stop("challenge", message, status, form)


def lock(message: str = _LOCKED, *, status: int = 403, form: Form = "both") -> dict[str, Any]:
    """Return the response that stops the user and locks the account; arguments as for ``block``.

    Raises:
        ConfigurationError: as for ``block``; or the form is ``continue``, which cannot say so.
    """
    return _stop("lock", message, status, form)


def _stop(verdict: str, message: str, status: int, form: Form) -> dict[str, Any]:
    if isinstance(status, bool) or not 400 <= status <= 499:
        raise ConfigurationError(f"status must be 400 to 499, got {status!r}")
    if form == "continue" and verdict != "block":
        raise ConfigurationError(f"the form 'continue' knows no {verdict}: use another, or block")
    return _body(verdict, form, {"error": {"status": status, "message": [message]}})


def _body(verdict: str, form: Form, more: dict[str, Any]) -> dict[str, Any]:
    if form not in ("both", "verdict", "continue"):
        raise ConfigurationError(f"form must be both, verdict or continue, got {form!r}")
    body: dict[str, Any] = {}
    if form != "continue":
        body["verdict"] = verdict
    if form != "verdict":
        body["continue"] = verdict == "allow"
    return {**body, **more}
