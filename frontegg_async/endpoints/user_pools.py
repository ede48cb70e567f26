"""User pools: users from other sources, and the applications that they may use."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models import Number
from ..models.paging import Page
from ..models.user_pools import (
    AssignPoolRequest,
    Auth0Pool,
    CognitoPool,
    CreateAuth0PoolRequest,
    CreateCognitoPoolRequest,
    CreateCustomCodePoolRequest,
    CreateFederationPoolRequest,
    CreateFirebasePoolRequest,
    CustomCodePool,
    FederationPool,
    FirebasePool,
    PoolUser,
    UnassignPoolRequest,
    UpdateAuth0PoolRequest,
    UpdateCognitoPoolRequest,
    UpdateCustomCodePoolRequest,
    UpdateFederationPoolRequest,
    UpdateFirebasePoolRequest,
    UserPool,
)
from ..operation import Operation, RetrySafety
from ..paging import Paginator
from ._checks import ids
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "user_pools.get_all", "GET", "/identity/resources/user-sources/v1", tuple[UserPool, ...]
)
GET: Final = Operation(
    "user_pools.get", "GET", "/identity/resources/user-sources/v1/{id}", UserPool
)
DELETE: Final = Operation(
    "user_pools.delete", "DELETE", "/identity/resources/user-sources/v1/{id}", NoneType
)
ITERATE_USERS: Final = Operation(
    "user_pools.iterate_users",
    "GET",
    "/identity/resources/user-sources/v1/{id}/users",
    Page[PoolUser],
)
ASSIGN: Final = Operation(
    "user_pools.assign",
    "POST",
    "/identity/resources/user-sources/v1/assign",
    NoneType,
    body=AssignPoolRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
UNASSIGN: Final = Operation(
    "user_pools.unassign",
    "POST",
    "/identity/resources/user-sources/v1/unassign",
    NoneType,
    body=UnassignPoolRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
CREATE_AUTH0: Final = Operation(
    "user_pools.create_auth0",
    "POST",
    "/identity/resources/user-sources/v1/external/auth0",
    UserPool,
    body=CreateAuth0PoolRequest,
)
CREATE_COGNITO: Final = Operation(
    "user_pools.create_cognito",
    "POST",
    "/identity/resources/user-sources/v1/external/cognito",
    UserPool,
    body=CreateCognitoPoolRequest,
)
CREATE_FIREBASE: Final = Operation(
    "user_pools.create_firebase",
    "POST",
    "/identity/resources/user-sources/v1/external/firebase",
    UserPool,
    body=CreateFirebasePoolRequest,
)
CREATE_CUSTOM_CODE: Final = Operation(
    "user_pools.create_custom_code",
    "POST",
    "/identity/resources/user-sources/v1/external/custom-code",
    UserPool,
    body=CreateCustomCodePoolRequest,
)
CREATE_FEDERATION: Final = Operation(
    "user_pools.create_federation",
    "POST",
    "/identity/resources/user-sources/v1/federation",
    UserPool,
    body=CreateFederationPoolRequest,
)
UPDATE_AUTH0: Final = Operation(
    "user_pools.update_auth0",
    "PUT",
    "/identity/resources/user-sources/v1/external/auth0/{id}",
    NoneType,
    body=UpdateAuth0PoolRequest,
)
UPDATE_COGNITO: Final = Operation(
    "user_pools.update_cognito",
    "PUT",
    "/identity/resources/user-sources/v1/external/cognito/{id}",
    NoneType,
    body=UpdateCognitoPoolRequest,
)
UPDATE_FIREBASE: Final = Operation(
    "user_pools.update_firebase",
    "PUT",
    "/identity/resources/user-sources/v1/external/firebase/{id}",
    NoneType,
    body=UpdateFirebasePoolRequest,
)
UPDATE_CUSTOM_CODE: Final = Operation(
    "user_pools.update_custom_code",
    "PUT",
    "/identity/resources/user-sources/v1/external/custom-code/{id}",
    NoneType,
    body=UpdateCustomCodePoolRequest,
)
UPDATE_FEDERATION: Final = Operation(
    "user_pools.update_federation",
    "PUT",
    "/identity/resources/user-sources/v1/federation/{id}",
    NoneType,
    body=UpdateFederationPoolRequest,
)


class UserPools(EndpointGroup):
    """Pools that users come from; Frontegg's API calls them user sources.

    ``index`` is the place of a pool among the pools, ``app_ids`` the applications that its users
    may use, and ``configuration`` the settings by which Frontegg reaches it.
    """

    async def get_all(self) -> tuple[UserPool, ...]:
        """Return all user pools, each with the number of its users.

        GET /identity/resources/user-sources/v1
        """
        return await self._caller.call(GET_ALL)

    async def get(self, pool_id: str) -> UserPool:
        """Return a user pool.

        GET /identity/resources/user-sources/v1/{id}
        """
        return await self._caller.call(GET, pool_id)

    async def delete(self, pool_id: str) -> None:
        """Delete a user pool.

        DELETE /identity/resources/user-sources/v1/{id}
        """
        await self._caller.call(DELETE, pool_id)

    def iterate_users(self, pool_id: str) -> Paginator[PoolUser]:
        """Iterate over the users who came from a pool.

        GET /identity/resources/user-sources/v1/{id}/users
        """
        return Paginator(self._caller, ITERATE_USERS, {}, pool_id, limit=None, max_limit=None)

    async def assign(self, pool_id: str, app_ids: Sequence[str]) -> None:
        """Let the users of a pool use applications.

        POST /identity/resources/user-sources/v1/assign
        """
        body = AssignPoolRequest(pool_id=pool_id, app_ids=ids("app_ids", app_ids, ASSIGN, least=1))
        await self._caller.call(ASSIGN, body=body)

    async def unassign(self, pool_id: str, app_ids: Sequence[str]) -> None:
        """Let the users of a pool use applications no longer.

        POST /identity/resources/user-sources/v1/unassign
        """
        body = UnassignPoolRequest(
            pool_id=pool_id, app_ids=ids("app_ids", app_ids, UNASSIGN, least=1)
        )
        await self._caller.call(UNASSIGN, body=body)

    async def create_auth0(
        self,
        *,
        name: str,
        configuration: Auth0Pool,
        index: Number,
        app_ids: Sequence[str] | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> UserPool:
        """Create a pool of the users of an Auth0 account, and return it.

        POST /identity/resources/user-sources/v1/external/auth0
        """
        body = CreateAuth0PoolRequest(
            name=name,
            configuration=configuration,
            index=index,
            app_ids=_app_ids(app_ids, CREATE_AUTH0),
            description=description,
        )
        return await self._caller.call(CREATE_AUTH0, body=body)

    async def create_cognito(
        self,
        *,
        name: str,
        configuration: CognitoPool,
        index: Number,
        app_ids: Sequence[str] | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> UserPool:
        """Create a pool of the users of an Amazon Cognito user pool, and return it.

        POST /identity/resources/user-sources/v1/external/cognito
        """
        body = CreateCognitoPoolRequest(
            name=name,
            configuration=configuration,
            index=index,
            app_ids=_app_ids(app_ids, CREATE_COGNITO),
            description=description,
        )
        return await self._caller.call(CREATE_COGNITO, body=body)

    async def create_firebase(
        self,
        *,
        name: str,
        configuration: FirebasePool,
        index: Number,
        app_ids: Sequence[str] | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> UserPool:
        """Create a pool of the users of a Firebase project, and return it.

        POST /identity/resources/user-sources/v1/external/firebase
        """
        body = CreateFirebasePoolRequest(
            name=name,
            configuration=configuration,
            index=index,
            app_ids=_app_ids(app_ids, CREATE_FIREBASE),
            description=description,
        )
        return await self._caller.call(CREATE_FIREBASE, body=body)

    async def create_custom_code(
        self,
        *,
        name: str,
        configuration: CustomCodePool,
        index: Number,
        app_ids: Sequence[str] | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> UserPool:
        """Create a pool of users whom code of your own finds, and return it.

        POST /identity/resources/user-sources/v1/external/custom-code
        """
        body = CreateCustomCodePoolRequest(
            name=name,
            configuration=configuration,
            index=index,
            app_ids=_app_ids(app_ids, CREATE_CUSTOM_CODE),
            description=description,
        )
        return await self._caller.call(CREATE_CUSTOM_CODE, body=body)

    async def create_federation(
        self,
        *,
        name: str,
        configuration: FederationPool,
        index: Number,
        app_ids: Sequence[str] | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> UserPool:
        """Create a pool of users who sign in at another identity provider, and return it.

        POST /identity/resources/user-sources/v1/federation
        """
        body = CreateFederationPoolRequest(
            name=name,
            configuration=configuration,
            index=index,
            app_ids=_app_ids(app_ids, CREATE_FEDERATION),
            description=description,
        )
        return await self._caller.call(CREATE_FEDERATION, body=body)

    async def update_auth0(
        self,
        pool_id: str,
        *,
        name: str | UnsetType = UNSET,
        configuration: Auth0Pool | UnsetType = UNSET,
        index: Number | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> None:
        """Change an Auth0 pool. Fields left out stay as they are.

        PUT /identity/resources/user-sources/v1/external/auth0/{id}
        """
        body = UpdateAuth0PoolRequest(
            name=name, configuration=configuration, index=index, description=description
        )
        await self._caller.call(UPDATE_AUTH0, pool_id, body=body)

    async def update_cognito(
        self,
        pool_id: str,
        *,
        name: str | UnsetType = UNSET,
        configuration: CognitoPool | UnsetType = UNSET,
        index: Number | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> None:
        """Change a Cognito pool. Fields left out stay as they are.

        PUT /identity/resources/user-sources/v1/external/cognito/{id}
        """
        body = UpdateCognitoPoolRequest(
            name=name, configuration=configuration, index=index, description=description
        )
        await self._caller.call(UPDATE_COGNITO, pool_id, body=body)

    async def update_firebase(
        self,
        pool_id: str,
        *,
        name: str | UnsetType = UNSET,
        configuration: FirebasePool | UnsetType = UNSET,
        index: Number | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> None:
        """Change a Firebase pool. Fields left out stay as they are.

        PUT /identity/resources/user-sources/v1/external/firebase/{id}
        """
        body = UpdateFirebasePoolRequest(
            name=name, configuration=configuration, index=index, description=description
        )
        await self._caller.call(UPDATE_FIREBASE, pool_id, body=body)

    async def update_custom_code(
        self,
        pool_id: str,
        *,
        name: str | UnsetType = UNSET,
        configuration: CustomCodePool | UnsetType = UNSET,
        index: Number | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> None:
        """Change a pool of your own code. Fields left out stay as they are.

        PUT /identity/resources/user-sources/v1/external/custom-code/{id}
        """
        body = UpdateCustomCodePoolRequest(
            name=name, configuration=configuration, index=index, description=description
        )
        await self._caller.call(UPDATE_CUSTOM_CODE, pool_id, body=body)

    async def update_federation(
        self,
        pool_id: str,
        *,
        name: str | UnsetType = UNSET,
        configuration: FederationPool | UnsetType = UNSET,
        index: Number | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> None:
        """Change a federation pool. Fields left out stay as they are.

        PUT /identity/resources/user-sources/v1/federation/{id}
        """
        body = UpdateFederationPoolRequest(
            name=name, configuration=configuration, index=index, description=description
        )
        await self._caller.call(UPDATE_FEDERATION, pool_id, body=body)


def _app_ids(
    app_ids: Sequence[str] | UnsetType, operation: Operation[UserPool]
) -> tuple[str, ...] | UnsetType:
    return UNSET if isinstance(app_ids, UnsetType) else ids("app_ids", app_ids, operation)
