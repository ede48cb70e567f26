"""Structs of requests and responses, one module per API group."""

from __future__ import annotations

from .._core.secret import is_secret
from ._base import Number, RequestModel, ResponseModel
from ._secrets import gather_secrets, secrets_of

__all__ = ["Number", "RequestModel", "ResponseModel", "gather_secrets", "is_secret", "secrets_of"]
