"""Webhooks: events are sent to them, one after the other, in order.

==================================================================  ======
POST with the header ``x-webhook-secret``: a JWT with HS256 and the   doc
hook's secret; or the secret itself                                   client
the JWT has ``iat``, and ``exp`` if there is a ``lifetime``           guess
no header without a secret                                            guess
any 2xx is a delivery; a failed one is not repeated                   doc; guess
no response within 5 seconds is a failure                             guess
==================================================================  ======
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any, Final
from uuid import uuid4

import aiohttp

from .home import Home, at_home
from .state.hooks import Delivery, Form, Hook, Hooks, Signature
from .state.keys import CannotSignError

__all__ = ["Webhooks"]

_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0)
_KEY_BYTES: Final = 32


class Webhooks:
    """The webhooks of an emulator, and the deliveries to them.

    Events of the routes are sent by themselves, after the request that caused them is handled.
    """

    def __init__(
        self, hooks: Hooks, now: Callable[[], str], wall_clock: Callable[[], float], home: Home
    ) -> None:
        self.deliveries: list[Delivery] = []
        """Every delivery that was tried, in order."""
        self.home = home
        """The event loop that it runs in; for its own use."""
        self._hooks = hooks
        self._now = now
        self._wall_clock = wall_clock
        self._task: asyncio.Task[None] | None = None
        self._ended: set[asyncio.Task[None]] = set()
        hooks.wake = self._wake

    def begin(self, hooks: Hooks, now: Callable[[], str]) -> None:
        """Begin anew with other hooks, and break off what is being sent; for the reset."""
        self.deliveries = []
        self._hooks = hooks
        self._now = now
        hooks.wake = self._wake
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            self._ended.add(task)
            task.add_done_callback(self._ended.discard)

    @at_home
    def add(
        self,
        url: str,
        *,
        secret: str = "",
        events: Iterable[str] | None = None,
        signature: Signature = "jwt",
        form: Form = "eventKey",
        lifetime: float | None = None,
    ) -> str:
        """Set a webhook up, and return its id.

        Args:
            url: The URL that events are sent to.
            secret: The secret that they are signed with; they are not signed without.
            events: The keys of the events that it wants; None for all.
            signature: A JWT, or the secret in plain.
            form: The body: ``{eventKey, eventContext, user}`` or ``{key, data}``.
            lifetime: The seconds until a JWT expires; None for never.

        Raises:
            CannotSignError: If JWTs are wanted without the extra that signs.

        """
        if secret and signature == "jwt":
            _check_library()
        hook = Hook(
            id=str(uuid4()),
            url=url,
            secret=secret,
            events=None if events is None else frozenset(events),
            signature=signature,
            form=form,
            lifetime=lifetime,
            name=url,
            key=url,
            description=None,
            created_at=self._now(),
        )
        self._hooks.registered[hook.id] = hook
        return hook.id

    @at_home
    def remove(self, hook_id: str) -> None:
        """Remove a webhook; raise :exc:`KeyError` if there is none."""
        del self._hooks.registered[hook_id]

    async def send(
        self,
        key: str,
        *,
        tenant_id: str | None = None,
        user_id: str | None = None,
        user: Mapping[str, Any] | None = None,
        **context: str,
    ) -> list[Delivery]:
        """Send an event of any kind to the webhooks that want it, and return the deliveries.

        Args:
            key: The name of the event.
            tenant_id: The tenant that it happened in.
            user_id: The user whom it is about.
            user: The user as the body shows it.
            **context: Further fields of ``eventContext``, by their names on the wire.

        """
        ids = {"tenantId": tenant_id, "userId": user_id, **context}
        return await self.home.wait(partial(self._send, key, ids, user))

    async def _send(
        self, key: str, ids: dict[str, Any], user: Mapping[str, Any] | None
    ) -> list[Delivery]:
        deliveries = self._hooks.put(key, ids, user)
        await self._drain()
        return deliveries

    async def drain(self) -> None:
        """Wait until every event that waits has been sent, or has failed."""
        await self.home.wait(self._drain)

    async def _drain(self) -> None:
        self._wake()
        while (task := self._task) is not None and not task.done():
            await asyncio.wait((task,))
            if not task.cancelled():
                task.result()

    async def stop(self) -> None:
        """Stop sending; events that wait are sent after the next start."""
        task, self._task = self._task, None
        ended = {*self._ended, *(() if task is None else (task,))}
        for each in ended:
            each.cancel()
        if ended:
            await asyncio.wait(ended)

    def _wake(self) -> None:
        if self._hooks.waiting and (self._task is None or self._task.done()):
            with contextlib.suppress(RuntimeError):  # no loop: sent with the next event
                self._task = asyncio.get_running_loop().create_task(self._deliver())

    async def _deliver(self) -> None:
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        ) as http:
            while self._hooks.waiting:
                delivery = self._hooks.waiting.popleft()
                hook = self._hooks.registered.get(delivery.hook_id)
                if hook is not None:
                    self.deliveries.append(delivery)
                    await self._post(http, hook, delivery)

    async def _post(self, http: aiohttp.ClientSession, hook: Hook, delivery: Delivery) -> None:
        headers = {"Content-Type": "application/json"}
        try:
            if hook.secret:
                headers["x-webhook-secret"] = self._signed(hook)
            async with http.post(
                delivery.url, data=delivery.body, headers=headers, allow_redirects=False
            ) as response:
                delivery.status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, CannotSignError) as error:
            delivery.failure = type(error).__name__

    def _signed(self, hook: Hook) -> str:
        if hook.signature == "plain":
            return hook.secret
        _check_library()
        import jwt

        now = int(self._wall_clock())
        claims = {"iat": now} if hook.lifetime is None else {"iat": now, "exp": now + hook.lifetime}
        # Filled up with zeros, as HMAC does by itself: PyJWT warns of shorter keys.
        key = hook.secret.encode().ljust(_KEY_BYTES, b"\0")
        return jwt.encode(claims, key, algorithm="HS256")


def _check_library() -> None:
    if find_spec("jwt") is None:
        raise CannotSignError
