"""JWT templates: the claims of users' tokens, and rules that choose the template of a token."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from ..models import Number
from ..models.jwt_templates import (
    CreateJwtTemplateRequest,
    JwtAlgorithm,
    JwtTemplate,
    JwtTemplateOrder,
    JwtTemplateTargeting,
    NewJwtTargetingRule,
    NewJwtTemplateSchema,
    SetJwtTargetingRequest,
    UpdateJwtTemplateRequest,
)
from ..models.paging import Page
from ..operation import Echo, Operation, RetrySafety
from ..paging import Paginator
from ._group import EndpointGroup

ITERATE: Final = Operation(
    "jwt_templates.iterate",
    "GET",
    "/identity/resources/jwt-templates/v1",
    Page[JwtTemplate],
)
GET: Final = Operation(
    "jwt_templates.get",
    "GET",
    "/identity/resources/jwt-templates/v1/{id}",
    JwtTemplate,
)
CREATE: Final = Operation(
    "jwt_templates.create",
    "POST",
    "/identity/resources/jwt-templates/v1",
    JwtTemplate,
    body=CreateJwtTemplateRequest,
)
UPDATE: Final = Operation(
    "jwt_templates.update",
    "PUT",
    "/identity/resources/jwt-templates/v1/{id}",
    JwtTemplate,
    body=UpdateJwtTemplateRequest,
    echo=Echo("id"),
)
DELETE: Final = Operation(
    "jwt_templates.delete",
    "DELETE",
    "/identity/resources/jwt-templates/v1/{id}",
    NoneType,
)
GET_TARGETING: Final = Operation(
    "jwt_templates.get_targeting",
    "GET",
    "/identity/resources/configurations/v1/jwt-template-targeting",
    JwtTemplateTargeting,
)
CREATE_TARGETING: Final = Operation(
    "jwt_templates.create_targeting",
    "POST",
    "/identity/resources/configurations/v1/jwt-template-targeting",
    JwtTemplateTargeting,
    body=SetJwtTargetingRequest,
)
REPLACE_TARGETING: Final = Operation(
    "jwt_templates.replace_targeting",
    "PUT",
    "/identity/resources/configurations/v1/jwt-template-targeting",
    NoneType,
    body=SetJwtTargetingRequest,
)
UPDATE_TARGETING: Final = Operation(
    "jwt_templates.update_targeting",
    "PATCH",
    "/identity/resources/configurations/v1/jwt-template-targeting/{id}",
    NoneType,
    body=SetJwtTargetingRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
DELETE_TARGETING: Final = Operation(
    "jwt_templates.delete_targeting",
    "DELETE",
    "/identity/resources/configurations/v1/jwt-template-targeting/{id}",
    NoneType,
)


class JwtTemplates(EndpointGroup):
    """The JWT templates of an environment. Frontegg enables them on request.

    The targeting chooses the template of a token, by rules that are tried in order. An
    environment has one targeting.
    """

    def iterate(
        self,
        *,
        keys: Sequence[str] | UnsetType = UNSET,
        ids: Sequence[str] | UnsetType = UNSET,
        sort_by: JwtTemplateOrder | UnsetType = "id",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 50,
    ) -> Paginator[JwtTemplate]:
        """Iterate over JWT templates.

        Args:
            keys: only templates of these keys.
            ids: only templates of these ids.
            sort_by: the sort key. Only a unique one gives pages that miss no template.
            order: sort direction.
            limit: templates a page, from 1.

        GET /identity/resources/jwt-templates/v1
        """
        query = {"keys": keys, "ids": ids, "_sortBy": sort_by, "_order": order}
        return Paginator(self._caller, ITERATE, query, limit=limit, max_limit=None)

    async def get(self, template_id: str) -> JwtTemplate:
        """Return a JWT template.

        GET /identity/resources/jwt-templates/v1/{id}
        """
        return await self._caller.call(GET, template_id)

    async def create(
        self,
        *,
        key: str,
        name: str,
        expiration: Number,
        algorithm: JwtAlgorithm,
        template_schema: NewJwtTemplateSchema,
        description: str | UnsetType = UNSET,
    ) -> JwtTemplate:
        """Create a JWT template, and return it.

        Args:
            key: unique name for programs.
            name: name for people.
            expiration: seconds that a token holds, from 10 to 15,552,000 (180 days).
            algorithm: signature algorithm of the tokens.
            template_schema: claims of the tokens.
            description: for people.

        POST /identity/resources/jwt-templates/v1
        """
        body = CreateJwtTemplateRequest(
            key=key,
            name=name,
            expiration=expiration,
            algorithm=algorithm,
            template_schema=template_schema,
            description=description,
        )
        return await self._caller.call(CREATE, body=body)

    async def update(
        self,
        template_id: str,
        *,
        key: str | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        expiration: Number | UnsetType = UNSET,
        algorithm: JwtAlgorithm | UnsetType = UNSET,
        template_schema: NewJwtTemplateSchema | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> JwtTemplate:
        """Change a JWT template, and return it.

        Args:
            template_id: the template.
            key: unique name for programs.
            name: name for people.
            expiration: seconds that a token holds, from 10 to 15,552,000 (180 days).
            algorithm: signature algorithm of the tokens.
            template_schema: all claims of the tokens.
            description: for people.

        PUT /identity/resources/jwt-templates/v1/{id}
        """
        body = UpdateJwtTemplateRequest(
            key=key,
            name=name,
            expiration=expiration,
            algorithm=algorithm,
            template_schema=template_schema,
            description=description,
        )
        return await self._caller.call(UPDATE, template_id, body=body)

    async def delete(self, template_id: str) -> None:
        """Delete a JWT template.

        DELETE /identity/resources/jwt-templates/v1/{id}
        """
        await self._caller.call(DELETE, template_id)

    async def get_targeting(self) -> JwtTemplateTargeting:
        """Return the targeting: the rules that choose the template of a token.

        Raises:
            NotFoundError: there is no targeting yet.

        GET /identity/resources/configurations/v1/jwt-template-targeting
        """
        return await self._caller.call(GET_TARGETING)

    async def create_targeting(
        self, *, rules: Sequence[NewJwtTargetingRule] | UnsetType = UNSET
    ) -> JwtTemplateTargeting:
        """Create the targeting, and return it.

        Raises:
            ConflictError: there is one already; ``replace_targeting`` takes its place.

        POST /identity/resources/configurations/v1/jwt-template-targeting
        """
        return await self._caller.call(CREATE_TARGETING, body=_targeting(rules))

    async def replace_targeting(
        self, *, rules: Sequence[NewJwtTargetingRule] | UnsetType = UNSET
    ) -> None:
        """Replace the targeting, or create it.

        PUT /identity/resources/configurations/v1/jwt-template-targeting
        """
        await self._caller.call(REPLACE_TARGETING, body=_targeting(rules))

    async def update_targeting(
        self, targeting_id: str, *, rules: Sequence[NewJwtTargetingRule] | UnsetType = UNSET
    ) -> None:
        """Change the targeting; rules take the place of all that there are.

        PATCH /identity/resources/configurations/v1/jwt-template-targeting/{id}
        """
        await self._caller.call(UPDATE_TARGETING, targeting_id, body=_targeting(rules))

    async def delete_targeting(self, targeting_id: str) -> None:
        """Delete the targeting.

        DELETE /identity/resources/configurations/v1/jwt-template-targeting/{id}
        """
        await self._caller.call(DELETE_TARGETING, targeting_id)


def _targeting(rules: Sequence[NewJwtTargetingRule] | UnsetType) -> SetJwtTargetingRequest:
    return SetJwtTargetingRequest(rules=rules if isinstance(rules, UnsetType) else tuple(rules))
