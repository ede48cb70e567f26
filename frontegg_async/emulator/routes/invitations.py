"""Invitations into tenants, accepted or not, and the activation of new users.

==================================================================  ======
paths, headers, bodies, success statuses, the fields of answers       spec
verifying an invitation takes an environment token                    spec
a second invitation of a user to a tenant replaces the first          guess
a token that is unknown, used or expired is 404                       guess
who accepts is activated in the tenant, and joins it if need be       guess
sending an invitation again answers with its link and token           guess
(spec: the answer "includes" them)
activation needs a password unless the user has one                   guess
who is activated is verified, activated in every tenant, logged in    guess
a code is six digits; a wrong one leaves the link as it is            guess
==================================================================  ======
"""

from typing import Any, Final

import msgspec

from ..http.record import Invite, Mail, code_of
from ..http.request import Call, decode
from ..http.response import Response, error_response
from ..state.environment import State, User
from ..state.store import Invitation, Strategies, timestamp
from ._responses import empty_response, json_response, not_found, tenant_missing
from ._route import Handler, Takes, route
from ._sessions import log_in
from .passwords import mail_link, use_link

__all__ = ["ROUTES"]

_PENDING: Final = frozenset({"PendingInvitation", "NotActivated", "PendingLogin"})


class _InviteBody(msgspec.Struct, rename="camel"):
    expires_in_minutes: float | None = None
    should_send_email: bool | None = None
    role_ids: list[str] | None = None
    tenant_id: str | None = None
    user_id: str | None = None


class _TokenBody(msgspec.Struct):
    token: str


class _EmailBody(msgspec.Struct):
    email: str


class _LinkBody(msgspec.Struct, rename="camel"):
    user_id: str
    token: str
    code: str | None = None
    password: str | None = None


class _StrategyBody(msgspec.Struct, rename="camel"):
    code_expiration: float | None = None
    strategy: str | None = None


_INVITE_BODY: Final = msgspec.json.Decoder(_InviteBody)
_TOKEN_BODY: Final = msgspec.json.Decoder(_TokenBody)
_EMAIL_BODY: Final = msgspec.json.Decoder(_EmailBody)
_LINK_BODY: Final = msgspec.json.Decoder(_LinkBody)
_STRATEGY_BODY: Final = msgspec.json.Decoder(_StrategyBody)


# Invitations as an application handles them


def _view(state: State, invitation: Invitation) -> dict[str, Any]:
    expires = invitation.expires
    return {
        "id": invitation.id,
        "vendorId": "emulator-vendor",
        "tenantId": invitation.tenant_id,
        "userId": invitation.user_id,
        "token": invitation.token,
        "expires": None if expires is None else timestamp(expires),
        "shouldSendEmail": invitation.send_email,
        "name": state.tenants.get(invitation.tenant_id, invitation.tenant_id),
        "roleIds": invitation.role_ids,
    }


def _make(
    state: State, call: Call, tenant_id: str, user_id: str | None, body: _InviteBody
) -> Response:
    user = None if user_id is None else state.find(user_id)
    if user_id is not None and user is None:
        return not_found("User", user_id)
    role_ids = body.role_ids or []
    unknown = state.access.unknown_role(role_ids, tenant_id)
    if unknown is not None:
        return not_found("Role", unknown)
    if (refusal := state.ensure_tenant(tenant_id, validate=False)) is not None:
        return refusal
    send = body.should_send_email is True
    invitation = call.store.invite(
        tenant_id, user_id, body.expires_in_minutes, send_email=send, role_ids=role_ids
    )
    if user is not None and send:
        _mail(state, call, user, invitation)
    return json_response(201, _view(state, invitation))


def _mail(state: State, call: Call, user: User, invitation: Invitation) -> Mail:
    tenant_id = invitation.tenant_id
    mail = Mail.new("invitation", user.id, tenant_id, user.email, invitation.token)
    call.store.mails.append(mail)
    state.invites.append(Invite(user.id, tenant_id, user.email))
    return mail


def _create(state: State, call: Call) -> Response:
    body = decode(_INVITE_BODY, call)
    if isinstance(body, Response):
        return body
    if not body.tenant_id:
        return error_response(400, "tenantId should not be empty")
    return _make(state, call, body.tenant_id, body.user_id, body)


def _get_all(state: State, call: Call) -> Response:
    return json_response(200, [_view(state, each) for each in call.store.invitations.values()])


def _delete(state: State, call: Call) -> Response:
    (invitation_id,) = call.values
    if call.store.invitations.pop(invitation_id, None) is None:
        return not_found("Invitation", invitation_id)
    return empty_response(200)


def _verify(state: State, call: Call) -> Response:
    body = decode(_TOKEN_BODY, call)
    if isinstance(body, Response):
        return body
    invitation = call.store.invitation_by_token(body.token)
    if invitation is None:
        return error_response(404, "Invitation not found")
    return json_response(200, _view(state, invitation))


def _get_configuration(state: State, call: Call) -> Response:
    return json_response(200, {"tenantInvitationsAllowed": True, "emailsEnabled": True})


# The invitation of one user to one tenant


def _whom(call: Call) -> tuple[str, str] | Response:
    if call.tenant is None:
        return tenant_missing()
    if call.user is None:
        return error_response(403, "User ID is not specified")
    return call.tenant, call.user


def _of_user(call: Call) -> Invitation | Response:
    whom = _whom(call)
    if isinstance(whom, Response):
        return whom
    tenant_id, user_id = whom
    invitation = call.store.invitation_of(user_id, tenant_id)
    return error_response(404, "Invitation not found") if invitation is None else invitation


def _create_for_user(state: State, call: Call) -> Response:
    whom = _whom(call)
    if isinstance(whom, Response):
        return whom
    body = decode(_INVITE_BODY, call)
    if isinstance(body, Response):
        return body
    if body.expires_in_minutes is None or body.should_send_email is None:
        return error_response(400, "expiresInMinutes and shouldSendEmail should not be empty")
    return _make(state, call, *whom, body)


def _get_for_user(state: State, call: Call) -> Response:
    invitation = _of_user(call)
    if isinstance(invitation, Response):
        return invitation
    return json_response(200, _view(state, invitation))


def _update_for_user(state: State, call: Call) -> Response:
    invitation = _of_user(call)
    if isinstance(invitation, Response):
        return invitation
    body = decode(_INVITE_BODY, call)
    if isinstance(body, Response):
        return body
    if body.expires_in_minutes is not None:
        invitation.expires = call.store.wall_clock() + 60 * body.expires_in_minutes
    if body.should_send_email is not None:
        invitation.send_email = body.should_send_email
    return json_response(200, _view(state, invitation))


def _delete_for_user(state: State, call: Call) -> Response:
    invitation = _of_user(call)
    if isinstance(invitation, Response):
        return invitation
    del call.store.invitations[invitation.id]
    return empty_response(200)


# What the invited do, and what is sent to them again


def _accept(state: State, call: Call) -> Response:
    body = decode(_LINK_BODY, call)
    if isinstance(body, Response):
        return body
    user = state.users.get(body.user_id)
    invitation = call.store.invitation_by_token(body.token)
    if user is None or invitation is None or invitation.user_id not in (None, user.id):
        return error_response(404, "Invitation not found")
    if body.code is not None and body.code != code_of(invitation.token):
        return error_response(400, "Code is not correct")
    if invitation.tenant_id in user.tenants:
        user.tenants[invitation.tenant_id] = "Activated"
    else:
        state.join(user, invitation.tenant_id, "Activated", invitation.role_ids)
    if invitation.user_id is not None:
        del call.store.invitations[invitation.id]
    return empty_response(200)


def _again(state: State, call: Call, user: User, tenant_id: str) -> dict[str, str]:
    invitation = call.store.invite(tenant_id, user.id, None, send_email=True, role_ids=[])
    mail = _mail(state, call, user, invitation)
    link = f"{call.store.issuer()}/invitation/accept?userId={user.id}&token={mail.token}"
    return {"tenantId": tenant_id, "userId": user.id, "token": mail.token, "link": link}


def _invited(state: State, call: Call) -> User | Response:
    if call.tenant is None:
        return tenant_missing()
    body = decode(_EMAIL_BODY, call)
    if isinstance(body, Response):
        return body
    user = state.find_by_email(body.email)
    return not_found("User", body.email) if user is None else user


def _resend(state: State, call: Call) -> Response:
    user = _invited(state, call)
    if isinstance(user, Response):
        return user
    if user.tenants.get(call.tenant or "") not in _PENDING:
        return error_response(404, "Invitation not found")
    return json_response(200, _again(state, call, user, call.tenant or ""))


def _resend_all(state: State, call: Call) -> Response:
    user = _invited(state, call)
    if isinstance(user, Response):
        return user
    pending = [tenant_id for tenant_id, status in user.tenants.items() if status in _PENDING]
    return json_response(200, [_again(state, call, user, tenant_id) for tenant_id in pending])


# Activation


def _activate(state: State, call: Call) -> Response:
    body = decode(_LINK_BODY, call)
    if isinstance(body, Response):
        return body
    if body.code is not None and body.code != code_of(body.token):
        return error_response(400, "Code is not correct")
    if body.user_id not in call.store.logins.passwords and not body.password:
        return error_response(400, "password should not be empty")
    call.store.keys.make()
    user = use_link(state, "activation", body.user_id, body.token)
    if user is None:
        return error_response(404, "Activation token not found")
    if body.password:
        call.store.logins.passwords[user.id] = body.password
    user.verified = True
    for tenant_id, status in user.tenants.items():
        if status in _PENDING:
            user.tenants[tenant_id] = "Activated"
    return log_in(state, call, user)


def _needing_code(handle: Handler) -> Handler:
    """Refuse a body without a ``code``."""

    def with_code(state: State, call: Call) -> Response:
        body = decode(_LINK_BODY, call)
        if isinstance(body, Response):
            return body
        return (
            error_response(400, "code should not be empty")
            if not body.code
            else handle(state, call)
        )

    return with_code


def _get_activation(state: State, call: Call) -> Response:
    parameters = call.parameters()
    (user_id,) = parameters.get("userId", [""])[-1:]
    (token,) = parameters.get("token", [""])[-1:]
    if state.links.get(token) != ("activation", user_id):
        return error_response(404, "Activation token not found")
    return json_response(200, {"shouldSetPassword": user_id not in call.store.logins.passwords})


def _resend_activation(state: State, call: Call) -> Response:
    body = decode(_EMAIL_BODY, call)
    if isinstance(body, Response):
        return body
    user = state.find_by_email(body.email)
    if user is None:
        return not_found("User", body.email)
    mail_link(state, call, "activation", user)
    return empty_response(201)


# How both are done


def _shown_strategy(strategies: Strategies) -> Response:
    body = {"strategy": strategies.strategy, "codeExpiration": strategies.code_expiration}
    return json_response(200, body)


def _set_strategy(strategies: Strategies, call: Call) -> Response:
    body = decode(_STRATEGY_BODY, call)
    if isinstance(body, Response):
        return body
    if body.strategy not in (None, "code", "link"):
        return error_response(400, "strategy must be code or link")
    strategies.strategy = body.strategy or strategies.strategy
    if body.code_expiration is not None:
        strategies.code_expiration = body.code_expiration
    return empty_response(200)


def _get_activation_settings(state: State, call: Call) -> Response:
    return _shown_strategy(call.store.activation_strategy)


def _set_activation_settings(state: State, call: Call) -> Response:
    return _set_strategy(call.store.activation_strategy, call)


def _get_invitation_settings(state: State, call: Call) -> Response:
    return _shown_strategy(call.store.invitation_strategy)


def _set_invitation_settings(state: State, call: Call) -> Response:
    return _set_strategy(call.store.invitation_strategy, call)


_IDENTITY: Final = "/identity/resources"
_INVITES: Final = _IDENTITY + "/tenants/invites"
_OF_USER: Final = _INVITES + "/v1/user"
_ACCEPT: Final = _IDENTITY + "/users/v1/invitation/accept"
_RESEND: Final = _IDENTITY + "/users/v1/invitation/reset"
_ACTIVATE: Final = _IDENTITY + "/users/v1/activate"
_ACTIVATIONS: Final = _IDENTITY + "/configurations/v1/activation/strategies"
_INVITATIONS: Final = _IDENTITY + "/configurations/v1/invitation/strategies"

ROUTES: Final = (
    route("POST", _INVITES + "/v1", _create, takes=Takes.ENVIRONMENT),
    route("GET", _INVITES + "/v1/all", _get_all, takes=Takes.ENVIRONMENT),
    route("DELETE", _INVITES + "/v1/token/{id}", _delete, takes=Takes.ENVIRONMENT),
    route("POST", _INVITES + "/v1/verify", _verify, takes=Takes.ENVIRONMENT),
    route("GET", _INVITES + "/v1/configuration", _get_configuration, takes=Takes.ENVIRONMENT),
    route("GET", _OF_USER, _get_for_user, takes=Takes.EITHER),
    route("POST", _OF_USER, _create_for_user, takes=Takes.EITHER),
    route("POST", _INVITES + "/v2/user", _create_for_user, takes=Takes.EITHER),
    route("PATCH", _OF_USER, _update_for_user, takes=Takes.ENVIRONMENT),
    route("DELETE", _OF_USER, _delete_for_user, takes=Takes.EITHER),
    route("POST", _ACCEPT, _accept, takes=Takes.NOTHING),
    route("POST", _ACCEPT + "/code", _needing_code(_accept), takes=Takes.NOTHING),
    route("POST", _RESEND, _resend, takes=Takes.EITHER),
    route("POST", _RESEND + "/all", _resend_all, takes=Takes.EITHER),
    route("GET", _ACTIVATE + "/strategy", _get_activation, takes=Takes.NOTHING),
    route("POST", _ACTIVATE, _activate, takes=Takes.NOTHING),
    route("POST", _ACTIVATE + "/code", _needing_code(_activate), takes=Takes.NOTHING),
    route("POST", _ACTIVATE + "/reset", _resend_activation, takes=Takes.EITHER),
    route("GET", _ACTIVATIONS, _get_activation_settings, takes=Takes.ENVIRONMENT),
    route("POST", _ACTIVATIONS, _set_activation_settings, takes=Takes.ENVIRONMENT),
    route("GET", _INVITATIONS, _get_invitation_settings, takes=Takes.ENVIRONMENT),
    route("POST", _INVITATIONS, _set_invitation_settings, takes=Takes.ENVIRONMENT),
)
