"""Phone numbers of users, for codes by SMS."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.paging import Page
from ..models.phone_numbers import (
    CreatePhoneNumberRequest,
    NamePhoneNumberRequest,
    PhoneNumber,
    PhoneNumberChallenge,
    PhoneNumberOrder,
    VerifyPhoneNumberRequest,
)
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind, UserHeader
from ..paging import Paginator
from ._checks import ids
from ._group import EndpointGroup

MAX_PAGE: Final = 250

ITERATE_V1: Final = Operation(
    "phone_numbers.iterate_v1",
    "GET",
    "/identity/resources/users/phone-numbers/v1",
    Page[PhoneNumber],
    token=TokenKind.EITHER,
    deprecated="Replaced by iterate.",
)
ITERATE: Final = Operation(
    "phone_numbers.iterate",
    "GET",
    "/identity/resources/users/phone-numbers/v2",
    Page[PhoneNumber],
    token=TokenKind.EITHER,
)
GET_MINE: Final = Operation(
    "phone_numbers.get_mine",
    "GET",
    "/identity/resources/users/phone-numbers/v1/me",
    tuple[PhoneNumber, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)
CREATE: Final = Operation(
    "phone_numbers.create",
    "POST",
    "/identity/resources/users/phone-numbers/v1",
    PhoneNumberChallenge,
    body=CreatePhoneNumberRequest,
    # Nothing in these five requests but the token says whose number it is.
    token=TokenKind.USER,
)
START_VERIFICATION: Final = Operation(
    "phone_numbers.start_verification",
    "POST",
    "/identity/resources/users/phone-numbers/v1/preverify",
    PhoneNumberChallenge,
    body=NamePhoneNumberRequest,
    token=TokenKind.USER,
)
VERIFY: Final = Operation(
    "phone_numbers.verify",
    "POST",
    "/identity/resources/users/phone-numbers/v1/verify",
    NoneType,
    body=VerifyPhoneNumberRequest,
    token=TokenKind.USER,
)
START_DELETION: Final = Operation(
    "phone_numbers.start_deletion",
    "DELETE",
    "/identity/resources/users/phone-numbers/v1/{id}",
    PhoneNumberChallenge,
    token=TokenKind.USER,
    # It deletes nothing, and sends an SMS each time.
    repeat=RetrySafety.UNSAFE,
)
DELETE: Final = Operation(
    "phone_numbers.delete",
    "POST",
    "/identity/resources/users/phone-numbers/v1/{id}/delete/verify",
    NoneType,
    body=VerifyPhoneNumberRequest,
    token=TokenKind.USER,
)
CREATE_FOR_USER: Final = Operation(
    "phone_numbers.create_for_user",
    "POST",
    "/identity/resources/users/phone-numbers/v1/vendor/{userId}",
    NoneType,
    body=NamePhoneNumberRequest,
)
DELETE_FOR_USER: Final = Operation(
    "phone_numbers.delete_for_user",
    "DELETE",
    "/identity/resources/users/phone-numbers/v1/vendor/{userId}/{phoneId}",
    NoneType,
)


class PhoneNumbers(EndpointGroup):
    """The phone numbers of users.

    A user adds and deletes the own ones with codes by SMS; the environment does it for them
    without. Numbers are in international form.
    """

    def iterate_v1(
        self,
        *,
        sort_by: PhoneNumberOrder | UnsetType = "phoneNumber",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        limit: int = 50,
    ) -> Paginator[PhoneNumber]:
        """Iterate over phone numbers.

        Deprecated by Frontegg: use ``iterate``, which takes the ids of users as well.

        Args:
            sort_by: the sort key. Only a unique one gives pages that miss no number.
            order: sort direction.
            phone_number: only this number.
            limit: phone numbers a page, from 1.

        GET /identity/resources/users/phone-numbers/v1, with the environment's or a user's token
        """
        query = {"_sortBy": sort_by, "_order": order, "_phoneNumber": phone_number}
        return Paginator(self._caller, ITERATE_V1, query, limit=limit, max_limit=None)

    def iterate(
        self,
        *,
        sort_by: PhoneNumberOrder | UnsetType = "phoneNumber",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        user_ids: Sequence[str] | UnsetType = UNSET,
        limit: int = 50,
    ) -> Paginator[PhoneNumber]:
        """Iterate over phone numbers.

        Args:
            sort_by: the sort key. Only a unique one gives pages that miss no number.
            order: sort direction.
            phone_number: only this number.
            user_ids: only numbers of these users; URLs of several hundred ids are refused by
                servers.
            limit: phone numbers a page, from 1 to 250.

        GET /identity/resources/users/phone-numbers/v2, with the environment's or a user's token
        """
        query = {
            "_sortBy": sort_by,
            "_order": order,
            "_phoneNumber": phone_number,
            "userIds": ids("user_ids", user_ids, ITERATE, least=1),
        }
        return Paginator(self._caller, ITERATE, query, limit=limit, max_limit=MAX_PAGE)

    async def get_mine(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> tuple[PhoneNumber, ...]:
        """Return the phone numbers of one user.

        GET /identity/resources/users/phone-numbers/v1/me, with the environment's or a user's
        token
        """
        return await self._caller.call(GET_MINE, tenant_id=tenant_id, user_id=user_id)

    async def create(
        self, phone_number: str, *, verify: bool | UnsetType = UNSET
    ) -> PhoneNumberChallenge:
        """Add a phone number, send it a code, and return the token that ``verify`` takes with it.

        Args:
            phone_number: the number.
            verify: False to send no code; nothing comes back then.

        POST /identity/resources/users/phone-numbers/v1, with a user's token
        """
        body = CreatePhoneNumberRequest(phone_number=phone_number, verify=verify)
        return await self._caller.call(CREATE, body=body)

    async def start_verification(self, phone_number: str) -> PhoneNumberChallenge:
        """Send a code to a phone number, and return the token that ``verify`` takes with it.

        POST /identity/resources/users/phone-numbers/v1/preverify, with a user's token
        """
        body = NamePhoneNumberRequest(phone_number=phone_number)
        return await self._caller.call(START_VERIFICATION, body=body)

    @concealing
    async def verify(self, *, otc_token: str, code: str) -> None:
        """Show by the code from an SMS that a phone number is the user's.

        Args:
            otc_token: token that ``create`` or ``start_verification`` returned.
            code: code from the SMS.

        POST /identity/resources/users/phone-numbers/v1/verify, with a user's token
        """
        body = VerifyPhoneNumberRequest(otc_token=otc_token, code=code)
        await self._caller.call(VERIFY, body=body)

    async def start_deletion(self, phone_id: str) -> PhoneNumberChallenge:
        """Send a code to a phone number, and return the token that ``delete`` takes with it.

        The number stays until then.

        DELETE /identity/resources/users/phone-numbers/v1/{id}, with a user's token
        """
        return await self._caller.call(START_DELETION, phone_id)

    @concealing
    async def delete(self, phone_id: str, *, otc_token: str, code: str) -> None:
        """Delete a phone number, by the code from an SMS.

        Args:
            phone_id: the phone number.
            otc_token: token that ``start_deletion`` returned.
            code: code from the SMS.

        POST /identity/resources/users/phone-numbers/v1/{id}/delete/verify, with a user's token
        """
        body = VerifyPhoneNumberRequest(otc_token=otc_token, code=code)
        await self._caller.call(DELETE, phone_id, body=body)

    async def create_for_user(self, user_id: str, phone_number: str) -> None:
        """Add a phone number to a user. It counts as verified at once.

        POST /identity/resources/users/phone-numbers/v1/vendor/{userId}
        """
        body = NamePhoneNumberRequest(phone_number=phone_number)
        await self._caller.call(CREATE_FOR_USER, user_id, body=body)

    async def delete_for_user(self, user_id: str, phone_id: str) -> None:
        """Delete a phone number of a user, without a code.

        DELETE /identity/resources/users/phone-numbers/v1/vendor/{userId}/{phoneId}
        """
        await self._caller.call(DELETE_FOR_USER, user_id, phone_id)
