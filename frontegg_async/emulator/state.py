"""The emulated environment: users, tenants, memberships, invites.

Everything here is synchronous and touches only dicts, so that a request changes the state in one
piece and a million memberships fit.

==============================================================  =====
a tenant nobody has heard of comes into being on first use      doc
``validateTenantExist`` refuses it instead, with 404            guess
an invite goes out on an add unless ``skipInviteEmail``         doc
an add that sends an invite leaves ``PendingInvitation``,       guess
one without leaves ``NotActivated``
the first tenant a user gets becomes the active one             guess
losing the active tenant makes the next membership active       guess
a user without any tenant stays                                 guess
==============================================================  =====
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from .policy import DuplicateAdd, ForeignTenant, Policy
from .record import Invite
from .wire import Answer, failure

__all__ = ["State", "User"]


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
    """Role keys; the same ones in each of the user's tenants."""
    metadata: str | None = None
    vendor_metadata: str | None = None
    external_id: str | None = None
    phone_number: str | None = None
    mfa_bypass: bool = False


class State:
    """What the emulator knows. Methods that can be refused return the refusing answer, or None."""

    def __init__(self, policy: Policy, wall_clock: Callable[[], float]) -> None:
        self.policy = policy
        self.users: dict[str, User] = {}
        self.tenants: dict[str, str] = {}
        self.members: dict[str, dict[str, None]] = {}
        self.invites: list[Invite] = []
        self._wall_clock = wall_clock
        self._by_email: dict[str, str] = {}
        self._everyone: list[User] | None = None

    def create_user(
        self, user_id: str | None, *, email: str | None, name: str | None, roles: Iterable[str] = ()
    ) -> User:
        """Make a user who belongs nowhere yet; raise :exc:`ValueError` if the id is taken."""
        user_id = str(uuid4()) if user_id is None else user_id
        if user_id in self.users:
            raise ValueError(f"there already is a user {user_id!r}")
        email = f"{user_id}@emulator.invalid" if email is None else email
        created_at = datetime.fromtimestamp(self._wall_clock(), UTC)
        user = User(
            id=user_id,
            email=email,
            name=email.partition("@")[0] if name is None else name,
            created_at=created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            roles=tuple(roles),
        )
        self.users[user_id] = user
        self._by_email.setdefault(email.lower(), user_id)
        self._everyone = None
        return user

    def find(self, user_id: str) -> User | None:
        """Look a user up; under ``implicit_users`` everybody exists."""
        user = self.users.get(user_id)
        if user is None and self.policy.implicit_users:
            return self.create_user(user_id, email=None, name=None)
        return user

    def find_by_email(self, email: str) -> User | None:
        """Look a user up by address, upper and lower case being the same."""
        user_id = self._by_email.get(email.lower())
        return None if user_id is None else self.users[user_id]

    def everyone(self) -> list[User]:
        """Return all users in the order of their creation; not to be changed."""
        if self._everyone is None:
            self._everyone = list(self.users.values())
        return self._everyone

    def members_of(self, tenant_id: str) -> list[User]:
        """Return the users of a tenant in the order of their joining."""
        return [self.users[user_id] for user_id in self.members.get(tenant_id, ())]

    def ensure_tenant(self, tenant_id: str, *, validate: bool) -> Answer | None:
        """Make sure that a tenant exists: by making it, or by refusing."""
        if tenant_id not in self.tenants:
            if validate or self.policy.validate_tenants:
                return failure(404, "Tenant not found")
            self.tenants[tenant_id] = tenant_id
        return None

    def add(
        self, user: User, tenant_id: str, *, skip_invite: bool, validate: bool
    ) -> Answer | None:
        """Make a user a member of a tenant, or refuse."""
        if (refusal := self.ensure_tenant(tenant_id, validate=validate)) is not None:
            return refusal
        if tenant_id in user.tenants:
            match self.policy.duplicate_add:
                case DuplicateAdd.CONFLICT:
                    return failure(409, "User already exists in this tenant")
                case DuplicateAdd.BAD_REQUEST:
                    return failure(400, "User already exists in this tenant")
                case DuplicateAdd.CREATED:
                    return None
                case DuplicateAdd.CREATED_AND_INVITES:
                    pass
        else:
            self.join(user, tenant_id, "NotActivated" if skip_invite else "PendingInvitation")
        if not skip_invite:
            self.invites.append(Invite(user.id, tenant_id, user.email))
        return None

    def join(self, user: User, tenant_id: str, status: str) -> None:
        """Enter a membership, whatever the policy."""
        user.tenants[tenant_id] = status
        if user.active_tenant is None:
            user.active_tenant = tenant_id
        members = self.members.get(tenant_id)
        if members is None:
            members = self.members[tenant_id] = {}
        members[user.id] = None

    def activate(self, user: User, tenant_id: str, *, validate: bool) -> Answer | None:
        """Make a tenant the user's active one, or refuse."""
        foreign = self.policy.foreign_tenant
        if tenant_id not in user.tenants and foreign is ForeignTenant.REFUSE:
            return failure(400, "User does not belong to this tenant")
        if (refusal := self.ensure_tenant(tenant_id, validate=validate)) is not None:
            return refusal
        if tenant_id not in user.tenants and foreign is ForeignTenant.JOIN:
            self.join(user, tenant_id, "Activated")
        user.active_tenant = tenant_id
        return None

    def leave(self, user: User, tenant_id: str) -> None:
        """End one membership."""
        del user.tenants[tenant_id]
        self.members[tenant_id].pop(user.id, None)
        if user.active_tenant == tenant_id:
            user.active_tenant = next(iter(user.tenants), None)

    def delete(self, user: User) -> None:
        """Remove a user everywhere."""
        for tenant_id in user.tenants:
            self.members[tenant_id].pop(user.id, None)
        del self.users[user.id]
        if self._by_email.get(user.email.lower()) == user.id:
            del self._by_email[user.email.lower()]
        self._everyone = None
