"""Details of tenants, and the hierarchy of tenants.

Most tenants of a large run are never read, so :attr:`State.tenants` maps their ids to their names
and nothing else; the details of a tenant are made when it is first changed.

====================================================================  =====
a tenant has one parent at most; deleting a tenant moves its          spec
sub-tenants up to its parent
a tenant cannot come to stand above itself: 400                       guess
====================================================================  =====
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

__all__ = ["Account", "Accounts"]


class Account(msgspec.Struct, kw_only=True):
    """The details of one tenant, as far as any were given."""

    created_at: str
    updated_at: str
    fields: dict[str, object] = {}
    """By the names in ``TenantResponse``."""
    settings: dict[str, object] = {}
    metadata: object = {}
    """Any JSON document, usually an object."""


_UNTOUCHED: Final = Account(
    created_at="2024-01-01T00:00:00.000Z", updated_at="2024-01-01T00:00:00.000Z"
)


class Accounts:
    """The details of tenants, and their tree."""

    def __init__(self, now: Callable[[], str]) -> None:
        self.parents: dict[str, str] = {}
        """The tenant above, by the tenant below."""
        self.children: dict[str, dict[str, None]] = {}
        """The tenants right below, in the order of their coming, by the tenant above."""
        self._details: dict[str, Account] = {}
        self._now = now

    def look(self, tenant_id: str) -> Account:
        """Return the details of a tenant that exists, to be read only."""
        return self._details.get(tenant_id, _UNTOUCHED)

    def change(self, tenant_id: str) -> Account:
        """Return the details of a tenant that exists, to be changed now."""
        now = self._now()
        account = self._details.get(tenant_id)
        if account is None:
            account = self._details[tenant_id] = Account(created_at=now, updated_at=now)
        account.updated_at = now
        return account

    def attach(self, child: str, parent: str) -> None:
        """Put a tenant below another."""
        self.parents[child] = parent
        self.children.setdefault(parent, {})[child] = None

    def detach(self, child: str) -> None:
        """Take a tenant out of the tree, together with the tenants below it."""
        parent = self.parents.pop(child)
        del self.children[parent][child]
        if not self.children[parent]:
            del self.children[parent]

    def delete(self, tenant_id: str) -> None:
        """Forget a tenant; the ones below it move up."""
        parent = self.parents.get(tenant_id)
        for child in list(self.children.get(tenant_id, ())):
            self.detach(child)
            if parent is not None:
                self.attach(child, parent)
        if parent is not None:
            self.detach(tenant_id)
        self._details.pop(tenant_id, None)

    def above(self, tenant_id: str) -> Iterator[str]:
        """Yield the parent, its parent, and so on."""
        while (parent := self.parents.get(tenant_id)) is not None:
            yield parent
            tenant_id = parent

    def below(self, tenant_id: str) -> Iterator[str]:
        """Yield every tenant below, each before the ones below itself."""
        waiting = list(reversed(self.children.get(tenant_id, {})))
        while waiting:
            child = waiting.pop()
            yield child
            waiting += reversed(self.children.get(child, {}))
