"""What all Structs have in common."""

from __future__ import annotations

import msgspec


class RequestModel(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A body to send: a field left UNSET is not sent, None is sent as null."""


class ResponseModel(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Part of an answer: any field may be missing or null, unknown ones are ignored.

    ``gc=False`` is safe because decoded JSON has no cycles, and lists decode to tuples, so that
    a program which keeps 200,000 users is not stopped by the garbage collector.
    """
