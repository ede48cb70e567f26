"""Domain restrictions: domains whose e-mail addresses may sign up."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models.domain_restrictions import (
    CreateDomainRestrictionRequest,
    DomainRestriction,
    DomainRestrictionConfiguration,
    ReplaceDomainRestrictionsRequest,
    RestrictionType,
    UpdateDomainRestrictionConfigurationRequest,
)
from ..models.paging import Page
from ..operation import Operation, RetrySafety, TokenKind
from ..paging import Paginator
from ._checks import ids
from ._group import EndpointGroup

ITERATE: Final = Operation(
    "domain_restrictions.iterate",
    "GET",
    "/identity/resources/configurations/restrictions/v1/email-domain",
    Page[DomainRestriction],
    token=TokenKind.EITHER,
)
CREATE: Final = Operation(
    "domain_restrictions.create",
    "POST",
    "/identity/resources/configurations/restrictions/v1/email-domain",
    DomainRestriction,
    body=CreateDomainRestrictionRequest,
    token=TokenKind.EITHER,
)
DELETE: Final = Operation(
    "domain_restrictions.delete",
    "DELETE",
    "/identity/resources/configurations/restrictions/v1/email-domain/{id}",
    NoneType,
    token=TokenKind.EITHER,
)
REPLACE: Final = Operation(
    "domain_restrictions.replace",
    "POST",
    "/identity/resources/configurations/restrictions/v1/email-domain/replace-bulk",
    tuple[DomainRestriction, ...],
    body=ReplaceDomainRestrictionsRequest,
    token=TokenKind.EITHER,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_CONFIGURATION: Final = Operation(
    "domain_restrictions.get_configuration",
    "GET",
    "/identity/resources/configurations/restrictions/v1/email-domain/config",
    DomainRestrictionConfiguration,
    token=TokenKind.EITHER,
)
UPDATE_CONFIGURATION: Final = Operation(
    "domain_restrictions.update_configuration",
    "POST",
    "/identity/resources/configurations/restrictions/v1/email-domain/config",
    DomainRestrictionConfiguration,
    body=UpdateDomainRestrictionConfigurationRequest,
    token=TokenKind.EITHER,
    repeat=RetrySafety.IDEMPOTENT,
)


class DomainRestrictions(EndpointGroup):
    """The domains of e-mail addresses that may sign up, or may not.

    A user's token names the tenant. Frontegg names no header by which the environment's
    token could say it, and has restrictions of a whole environment too (doc).
    """

    def iterate(self) -> Paginator[DomainRestriction]:
        """Iterate over the domains of both lists.

        GET /identity/resources/configurations/restrictions/v1/email-domain, with the
        environment's or a user's token
        """
        return Paginator(self._caller, ITERATE, {}, limit=None, max_limit=None)

    async def create(self, domain: str, list_type: RestrictionType) -> DomainRestriction:
        """Put a domain on a list, and return it.

        POST /identity/resources/configurations/restrictions/v1/email-domain, with the
        environment's or a user's token
        """
        body = CreateDomainRestrictionRequest(domain=domain, list_type=list_type)
        return await self._caller.call(CREATE, body=body)

    async def delete(self, restriction_id: str) -> None:
        """Take a domain off its list.

        DELETE /identity/resources/configurations/restrictions/v1/email-domain/{id}, with the
        environment's or a user's token
        """
        await self._caller.call(DELETE, restriction_id)

    async def replace(
        self, domains: Sequence[str], list_type: RestrictionType
    ) -> tuple[DomainRestriction, ...]:
        """Put these domains in place of all there are, and return them.

        POST /identity/resources/configurations/restrictions/v1/email-domain/replace-bulk, with
        the environment's or a user's token
        """
        body = ReplaceDomainRestrictionsRequest(
            domains=ids("domains", domains, REPLACE), list_type=list_type
        )
        return await self._caller.call(REPLACE, body=body)

    async def get_configuration(self) -> DomainRestrictionConfiguration:
        """Return the list that counts, if any, and whether public domains are kept out.

        GET /identity/resources/configurations/restrictions/v1/email-domain/config, with the
        environment's or a user's token
        """
        return await self._caller.call(GET_CONFIGURATION)

    async def update_configuration(
        self,
        active: bool,
        *,
        list_type: RestrictionType | UnsetType = UNSET,
        block_public_domains: bool | UnsetType = UNSET,
    ) -> DomainRestrictionConfiguration:
        """Choose the list that counts, if any, and return the configuration.

        Args:
            active: True to check domains.
            list_type: the list that counts.
            block_public_domains: True to keep out public domains, where anyone can get an
                address.

        POST /identity/resources/configurations/restrictions/v1/email-domain/config, with the
        environment's or a user's token
        """
        body = UpdateDomainRestrictionConfigurationRequest(
            active=active, list_type=list_type, block_public_domains=block_public_domains
        )
        return await self._caller.call(UPDATE_CONFIGURATION, body=body)
