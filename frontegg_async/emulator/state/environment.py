"""The emulated environment: users, tenants, memberships, invites.

Everything here is synchronous and touches only dicts, so that a request changes the state in one
piece and a million memberships fit.

==============================================================  =====
an unknown tenant comes into being on first use                 doc
``validateTenantExist`` rejects it instead, with 404            guess
an invite goes out on an add unless ``skipInviteEmail``         doc
an add that sends an invite leaves ``PendingInvitation``,       guess
one without leaves ``NotActivated``
the first tenant a user gets becomes the active one             guess
losing the active tenant makes the next membership active       guess
a user without any tenant stays, unless the tenant was deleted  guess
deleting a tenant deletes the users without another tenant      spec
a user who joins without roles gets the default ones, and the   spec
first user of a tenant the roles for first users too
leaving a tenant ends the roles and groups there                guess
an address belongs to one user, as the primary one or another   guess
==============================================================  =====
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from ..http.record import Invite
from ..http.response import RejectedError
from ..policy import DuplicateAdd, ForeignTenant, Policy
from .access import Access
from .accounts import Accounts
from .hooks import Hooks

__all__ = ["Address", "State", "User"]


@dataclass(slots=True)
class User:
    """One user of the emulated environment."""

    id: str
    email: str
    name: str
    created_at: str
    tenants: dict[str, str] = field(default_factory=dict[str, str])
    """Status by tenant id, in the order of joining."""
    active_tenant: str | None = None
    super_user: bool = False
    locked: bool = False
    verified: bool = True
    roles: tuple[str, ...] = ()
    """Keys of the roles that the user gets in each tenant joined; for setting tests up."""
    metadata: str | None = None
    vendor_metadata: str | None = None
    external_id: str | None = None
    phone_number: str | None = None
    mfa_bypass: bool = False
    role_ids: dict[str, tuple[str, ...]] | None = None
    """Ids of the user's roles by tenant, where there are any."""
    disabled: set[str] | None = None
    """The tenants in which the user is disabled, if there are any."""
    expires_at: str | None = None
    """The end of a temporary user; the emulator deletes none by itself."""
    username: str | None = None
    picture: str | None = None
    invisible: bool = False
    sub_account_access: bool = False
    provider: str = "local"
    authenticators: dict[str, str] | None = None
    """Secrets of the user's authenticator apps by device, if there are any."""
    pending_authenticator: str | None = None
    """The secret of an app that is not confirmed."""

    def roles_in(self, tenant_id: str | None) -> tuple[str, ...]:
        """Return the ids of the roles that the user has in a tenant."""
        if self.role_ids is None or tenant_id is None:
            return ()
        return self.role_ids.get(tenant_id, ())

    def set_roles(self, tenant_id: str, role_ids: Iterable[str]) -> None:
        """Make these the user's roles in a tenant, each once."""
        kept = tuple(dict.fromkeys(role_ids))
        if self.role_ids is None:
            self.role_ids = {}
        if kept:
            self.role_ids[tenant_id] = kept
        else:
            self.role_ids.pop(tenant_id, None)
        if not self.role_ids:
            self.role_ids = None


class Address(msgspec.Struct, rename="camel", kw_only=True):
    """``UserEmailResponseDto``: an address that is not the user's primary one."""

    id: str
    user_id: str
    email: str
    verified: bool
    is_primary: bool = False
    created_at: str
    updated_at: str


class State:
    """Users, tenants and memberships; methods raise :exc:`RejectedError` as the service would."""

    def __init__(self, policy: Policy, wall_clock: Callable[[], float]) -> None:
        self.policy = policy
        self.users: dict[str, User] = {}
        self.tenants: dict[str, str] = {}
        """Names by id."""
        self.members: dict[str, dict[str, None]] = {}
        self.invites: list[Invite] = []
        self.access = Access(self.now)
        self.accounts = Accounts(self.now)
        self.hooks = Hooks()
        self.addresses: dict[str, Address] = {}
        self.usernames: dict[str, str] = {}
        """User ids by username."""
        self.links: dict[str, tuple[str, str]] = {}
        """Kind of a link, ``activation`` or ``password``, and user id, by token."""
        self.settings: dict[str, bool] = {
            "groups": True,
            "groups.roles": True,
            "temporary-users": False,
        }
        self._wall_clock = wall_clock
        self._by_email: dict[str, str] = {}
        self._everyone: list[User] | None = None
        self._second = -1
        self._text = ""

    def now(self, seconds: float = 0) -> str:
        """Return the time, or the time some seconds from now, as the wire shows it."""
        second = int(self._wall_clock() + seconds)
        if second != self._second:
            # Kept, so that the users of one second share one string.
            self._second = second
            self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return self._text

    # Users

    def create_user(
        self, user_id: str | None, *, email: str | None, name: str | None, roles: Iterable[str] = ()
    ) -> User:
        """Create a user without a tenant; raise :exc:`ValueError` if the id is taken.

        Without an address the user gets one; an empty one is none.
        """
        user_id = str(uuid4()) if user_id is None else user_id
        if user_id in self.users:
            raise ValueError(f"user {user_id!r} already exists")
        email = f"{user_id}@emulator.invalid" if email is None else email
        user = User(
            id=user_id,
            email=email,
            name=email.partition("@")[0] if name is None else name,
            created_at=self.now(),
            roles=tuple(roles),
        )
        self.users[user_id] = user
        if email:
            self._by_email.setdefault(email.lower(), user_id)
        self._everyone = None
        self.hooks.note("frontegg.user.created", user)
        return user

    def find(self, user_id: str) -> User | None:
        """Return a user by id; under ``implicit_users`` an unknown one is created."""
        user = self.users.get(user_id)
        if user is None and self.policy.implicit_users:
            return self.create_user(user_id, email=None, name=None)
        return user

    def find_by_email(self, email: str) -> User | None:
        """Return a user by address, upper and lower case being the same."""
        user_id = self._by_email.get(email.lower())
        return None if user_id is None else self.users[user_id]

    def find_by_username(self, username: str) -> User | None:
        """Return a user by username."""
        user_id = self.usernames.get(username)
        return None if user_id is None else self.users[user_id]

    def name_user(self, user: User, username: str) -> None:
        """Give a user an unused username, in place of another."""
        if user.username is not None:
            del self.usernames[user.username]
        self.usernames[username] = user.id
        user.username = username

    def unname_user(self, user: User) -> None:
        """Take a user's username."""
        if user.username is not None:
            del self.usernames[user.username]
            user.username = None

    def set_email(self, user: User, email: str) -> None:
        """Give a user another primary address, which no other user has."""
        self._release(user.email, user)
        user.email = email
        self._by_email[email.lower()] = user.id

    def add_address(self, user: User, email: str, *, verified: bool) -> Address:
        """Give a user a further address, which no other user has."""
        now = self.now()
        address = Address(
            id=str(uuid4()),
            user_id=user.id,
            email=email,
            verified=verified,
            created_at=now,
            updated_at=now,
        )
        self.addresses[address.id] = address
        self._by_email[email.lower()] = user.id
        return address

    def drop_address(self, address: Address) -> None:
        """Take an address that is not the primary one."""
        del self.addresses[address.id]
        self._release(address.email, self.users[address.user_id])

    def _release(self, email: str, user: User) -> None:
        if self._by_email.get(email.lower()) == user.id:
            del self._by_email[email.lower()]

    def everyone(self) -> list[User]:
        """Return all users in the order of their creation; not to be changed."""
        if self._everyone is None:
            self._everyone = list(self.users.values())
        return self._everyone

    # Memberships

    def members_of(self, tenant_id: str) -> list[User]:
        """Return the users of a tenant in the order of their joining."""
        return [self.users[user_id] for user_id in self.members.get(tenant_id, ())]

    def ensure_tenant(self, tenant_id: str, *, validate: bool) -> None:
        """Create a tenant that does not exist yet; reject it if it is to be validated."""
        if tenant_id not in self.tenants:
            if validate or self.policy.validate_tenants:
                raise RejectedError(404, "Tenant not found")
            self.tenants[tenant_id] = tenant_id
            self.hooks.note("frontegg.tenant.created", None, tenant_id)

    def add(
        self,
        user: User,
        tenant_id: str,
        *,
        skip_invite: bool,
        validate: bool,
        role_ids: Sequence[str] = (),
    ) -> None:
        """Add a user to a tenant, as the policy says; the roles are for new members."""
        self.ensure_tenant(tenant_id, validate=validate)
        if tenant_id in user.tenants:
            match self.policy.duplicate_add:
                case DuplicateAdd.CONFLICT:
                    raise RejectedError(409, "User already exists in this tenant")
                case DuplicateAdd.BAD_REQUEST:
                    raise RejectedError(400, "User already exists in this tenant")
                case DuplicateAdd.CREATED:
                    return
                case DuplicateAdd.CREATED_AND_INVITES:
                    pass
        else:
            status = "NotActivated" if skip_invite else "PendingInvitation"
            self.join(user, tenant_id, status, role_ids)
        if not skip_invite:
            self.invites.append(Invite(user.id, tenant_id, user.email))

    def join(self, user: User, tenant_id: str, status: str, role_ids: Sequence[str] = ()) -> None:
        """Make a user a member, under any policy."""
        user.tenants[tenant_id] = status
        if user.active_tenant is None:
            user.active_tenant = tenant_id
        members = self.members.get(tenant_id)
        if members is None:
            members = self.members[tenant_id] = {}
        if role_ids or user.roles or self.access.automatic:
            given = role_ids or [self.access.seed(key) for key in user.roles]
            more = self.access.automatic_roles(tenant_id, first=not members, plain=not given)
            user.set_roles(tenant_id, (*given, *more))
        members[user.id] = None
        self.hooks.note("frontegg.user.invitedToTenant", user, tenant_id)

    def activate(self, user: User, tenant_id: str, *, validate: bool) -> None:
        """Make a tenant the user's active one, as the policy says."""
        foreign = self.policy.foreign_tenant
        if tenant_id not in user.tenants and foreign is ForeignTenant.REFUSE:
            raise RejectedError(400, "User does not belong to this tenant")
        self.ensure_tenant(tenant_id, validate=validate)
        if tenant_id not in user.tenants and foreign is ForeignTenant.JOIN:
            self.join(user, tenant_id, "Activated")
        user.active_tenant = tenant_id

    def leave(self, user: User, tenant_id: str) -> None:
        """End one membership, with the roles and groups that came with it."""
        del user.tenants[tenant_id]
        self.members[tenant_id].pop(user.id, None)
        if user.role_ids is not None:
            user.set_roles(tenant_id, ())
        if user.disabled is not None:
            user.disabled.discard(tenant_id)
        self._ungroup(user, tenant_id)
        if user.active_tenant == tenant_id:
            user.active_tenant = next(iter(user.tenants), None)
        self.hooks.note("frontegg.user.removedFromTenant", user, tenant_id)

    def delete(self, user: User) -> None:
        """Delete a user."""
        for tenant_id in user.tenants:
            self.members[tenant_id].pop(user.id, None)
            self._ungroup(user, tenant_id)
        del self.users[user.id]
        self._release(user.email, user)
        self.unname_user(user)
        if self.addresses:
            for address in [each for each in self.addresses.values() if each.user_id == user.id]:
                del self.addresses[address.id]
                self._release(address.email, user)
        self._everyone = None
        self.hooks.note("frontegg.user.deleted", user)

    def move(self, user: User, source: str, target: str) -> None:
        """Move a membership to another tenant; one that is there already stays as it is."""
        status, roles, active = user.tenants[source], user.roles_in(source), user.active_tenant
        self.leave(user, source)
        if target not in user.tenants:
            self.join(user, target, status, roles)
        if active == source:
            user.active_tenant = target

    def delete_tenant(self, tenant_id: str) -> None:
        """Delete a tenant, its own roles and groups, and the users without another tenant."""
        for user in self.members_of(tenant_id):
            self.leave(user, tenant_id)
            if not user.tenants:
                self.delete(user)
        self.members.pop(tenant_id, None)
        self.access.groups.pop(tenant_id, None)
        for role in [each for each in self.access.roles.values() if each.tenant_id == tenant_id]:
            self.delete_role(role.id)
        self.accounts.delete(tenant_id)
        del self.tenants[tenant_id]
        self.hooks.note("frontegg.tenant.deleted", None, tenant_id)

    def delete_role(self, role_id: str) -> None:
        """Delete a role, also from the users who have it."""
        self.access.delete_role(self.access.roles[role_id])
        for user in self.users.values():
            if user.role_ids is not None:
                for tenant_id, role_ids in list(user.role_ids.items()):
                    if role_id in role_ids:
                        user.set_roles(tenant_id, (each for each in role_ids if each != role_id))

    def _ungroup(self, user: User, tenant_id: str) -> None:
        for group in self.access.groups.get(tenant_id, {}).values():
            group.user_ids.pop(user.id, None)
