"""Ends of a connection that a test feeds by hand, without a server."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from frontegg_async._core.connection import Connection


class Wire(asyncio.Transport):
    """A transport that sends nothing."""

    def __init__(self, wire: socket.socket) -> None:
        super().__init__({"socket": wire})

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send nothing."""

    def abort(self) -> None:
        """End nothing."""

    def get_write_buffer_size(self) -> int:
        """Have nothing left."""
        return 0


class Pool:
    """An owner that keeps nothing.

    Attributes:
        freed_ones: connections that may carry another call.
    """

    def __init__(self) -> None:
        self.freed_ones: list[Connection] = []

    def opened(self, connection: Connection) -> None:
        """Note nothing."""

    def freed(self, connection: Connection) -> None:
        """Note that it may carry another call."""
        self.freed_ones.append(connection)

    def lost(self, connection: Connection) -> None:
        """Note nothing."""
