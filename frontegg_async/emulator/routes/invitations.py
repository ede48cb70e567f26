"""Invitations into tenants, accepted or not, and the activation of new users.

==================================================================  ======
paths, headers, bodies, success statuses, fields of responses         spec
verifying an invitation takes any token, or none: it comes before a     client
login; the tenant's own links and configuration a user's token
a second invitation of a user to a tenant replaces the first          guess
a token that is unknown, used or expired is 404                       guess
accepting activates the user in the tenant, also as a new member      guess
the response to sending one again has its link and token              guess
(spec: it "includes" them)
activation needs a password unless the user has one                   guess
activation verifies, activates in every tenant, and logs in           guess
a code is six digits; a wrong one leaves the link as it is            guess
==================================================================  ======
"""

from typing import Annotated, Any, Final

import msgspec

from ..http.record import Invite, Mail, code_of
from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.access import VENDOR
from ..state.environment import State, User
from ..state.store import Invitation, Strategies, timestamp
from ._bodies import empty_response, json_response, parameter, required
from ._lookups import check_roles, find, find_user, user_by_email
from ._route import Handler, Takes, route
from ._sessions import log_in
from .passwords import check_link, mail_link, use_link

__all__ = ["ROUTES"]

_PENDING: Final = frozenset({"PendingInvitation", "NotActivated", "PendingLogin"})


class _InviteBody(msgspec.Struct, rename="camel"):
    expires_in_minutes: Annotated[float, msgspec.Meta(ge=0, le=1e8)] | None = None
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


# Invitations, handled by an application


def _view(state: State, invitation: Invitation) -> dict[str, Any]:
    expires = invitation.expires
    return {
        "id": invitation.id,
        "vendorId": VENDOR,
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
    user = None if user_id is None else find_user(state, user_id)
    role_ids = body.role_ids or []
    check_roles(state, role_ids, tenant_id)
    state.ensure_tenant(tenant_id, validate=False)
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
    return _make(state, call, required("tenantId", body.tenant_id), body.user_id, body)


def _get_all(state: State, call: Call) -> Response:
    return json_response(200, [_view(state, each) for each in call.store.invitations.values()])


def _delete(state: State, call: Call) -> Response:
    invitation = find("Invitation", call.store.invitations, call.values[0])
    del call.store.invitations[invitation.id]
    return empty_response(200)


def _verify(state: State, call: Call) -> Response:
    body = decode(_TOKEN_BODY, call)
    return json_response(200, _view(state, _found(call.store.invitation_by_token(body.token))))


def _get_configuration(state: State, call: Call) -> Response:
    return json_response(200, {"tenantInvitationsAllowed": True, "emailsEnabled": True})


# The invitation of one user to one tenant


def _found(invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise RejectedError(404, "Invitation not found")
    return invitation


def _of_user(call: Call) -> Invitation:
    tenant_id, user_id = call.required_tenant(), call.required_user()
    return _found(call.store.invitation_of(user_id, tenant_id))


def _create_for_user(state: State, call: Call) -> Response:
    tenant_id, user_id = call.required_tenant(), call.required_user()
    body = decode(_INVITE_BODY, call)
    if body.expires_in_minutes is None or body.should_send_email is None:
        raise RejectedError(400, "expiresInMinutes and shouldSendEmail should not be empty")
    return _make(state, call, tenant_id, user_id, body)


def _get_for_user(state: State, call: Call) -> Response:
    return json_response(200, _view(state, _of_user(call)))


def _update_for_user(state: State, call: Call) -> Response:
    invitation = _of_user(call)
    body = decode(_INVITE_BODY, call)
    if body.expires_in_minutes is not None:
        invitation.expires = call.store.wall_clock() + 60 * body.expires_in_minutes
    if body.should_send_email is not None:
        invitation.send_email = body.should_send_email
    return json_response(200, _view(state, invitation))


def _delete_for_user(state: State, call: Call) -> Response:
    del call.store.invitations[_of_user(call).id]
    return empty_response(200)


# Accepting an invitation, and sending it again


def _accept(state: State, call: Call) -> Response:
    body = decode(_LINK_BODY, call)
    user = state.users.get(body.user_id)
    invitation = call.store.invitation_by_token(body.token)
    if user is None or invitation is None or invitation.user_id not in (None, user.id):
        raise RejectedError(404, "Invitation not found")
    _check_code(body.code, invitation.token)
    if invitation.tenant_id in user.tenants:
        user.tenants[invitation.tenant_id] = "Activated"
    else:
        state.join(user, invitation.tenant_id, "Activated", invitation.role_ids)
    if invitation.user_id is not None:
        del call.store.invitations[invitation.id]
    return empty_response(200)


def _check_code(code: str | None, token: str) -> None:
    if code is not None and code != code_of(token):
        raise RejectedError(400, "Code is not correct")


def _again(state: State, call: Call, user: User, tenant_id: str) -> dict[str, str]:
    invitation = call.store.invite(tenant_id, user.id, None, send_email=True, role_ids=[])
    mail = _mail(state, call, user, invitation)
    link = f"{call.store.issuer()}/invitation/accept?userId={user.id}&token={mail.token}"
    return {"tenantId": tenant_id, "userId": user.id, "token": mail.token, "link": link}


def _resend(state: State, call: Call) -> Response:
    tenant_id = call.required_tenant()
    user = user_by_email(state, decode(_EMAIL_BODY, call).email)
    if user.tenants.get(tenant_id) not in _PENDING:
        raise RejectedError(404, "Invitation not found")
    return json_response(200, _again(state, call, user, tenant_id))


def _resend_all(state: State, call: Call) -> Response:
    call.required_tenant()
    user = user_by_email(state, decode(_EMAIL_BODY, call).email)
    pending = [tenant_id for tenant_id, status in user.tenants.items() if status in _PENDING]
    return json_response(200, [_again(state, call, user, tenant_id) for tenant_id in pending])


# Activation


def _activate(state: State, call: Call) -> Response:
    body = decode(_LINK_BODY, call)
    _check_code(body.code, body.token)
    if body.user_id not in call.store.logins.passwords:
        required("password", body.password)
    call.store.keys.make()
    user = use_link(state, "activation", body.user_id, body.token)
    if body.password:
        call.store.logins.passwords[user.id] = body.password
    user.verified = True
    for tenant_id, status in user.tenants.items():
        if status in _PENDING:
            user.tenants[tenant_id] = "Activated"
    state.hooks.note("frontegg.user.activated", user)
    return log_in(state, call, user)


def _needing_code(handle: Handler) -> Handler:
    """Reject a body without a ``code``."""

    def with_code(state: State, call: Call) -> Response:
        required("code", decode(_LINK_BODY, call).code)
        return handle(state, call)

    return with_code


def _get_activation(state: State, call: Call) -> Response:
    parameters = call.parameters()
    user_id = parameter(parameters, "userId")
    check_link(state, "activation", user_id, parameter(parameters, "token"))
    return json_response(200, {"shouldSetPassword": user_id not in call.store.logins.passwords})


def _resend_activation(state: State, call: Call) -> Response:
    user = user_by_email(state, decode(_EMAIL_BODY, call).email)
    mail_link(state, call, "activation", user)
    return empty_response(201)


# Links or codes


def _shown_strategy(strategies: Strategies) -> Response:
    body = {"strategy": strategies.strategy, "codeExpiration": strategies.code_expiration}
    return json_response(200, body)


def _set_strategy(strategies: Strategies, call: Call) -> Response:
    body = decode(_STRATEGY_BODY, call)
    if body.strategy not in (None, "code", "link"):
        raise RejectedError(400, "strategy must be code or link")
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
    route("POST", _INVITES + "/v1/verify", _verify, takes=Takes.NOTHING),
    route("GET", _INVITES + "/v1/configuration", _get_configuration, takes=Takes.EITHER),
    route("GET", _OF_USER, _get_for_user, takes=Takes.EITHER),
    route("POST", _OF_USER, _create_for_user, takes=Takes.EITHER),
    route("POST", _INVITES + "/v2/user", _create_for_user, takes=Takes.EITHER),
    route("PATCH", _OF_USER, _update_for_user, takes=Takes.EITHER),
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
