"""The key pair that tokens are signed with, and its public half as a JWKS.

========================================================  ======
RS256, public keys at ``/.well-known/jwks.json``          doc
HS256 instead with the environment's ``jwtSecret``        doc
keys of 2,048 bits; one signs until it is rotated         guess
========================================================  ======

Signing is PyJWT's work, which comes with the extra ``jwt``. It is imported, and the key made, when
the first signature is needed: both together take some hundred milliseconds, which most uses of the
emulator can save.
"""

from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = ["Algorithm", "CannotSignError", "Keys"]

Algorithm = Literal["RS256", "HS256"]

_BITS: Final = 2_048
_EXPONENT: Final = 65_537


class CannotSignError(Exception):
    """PyJWT, or cryptography for RS256, is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "The emulator signs tokens with PyJWT, which is not installed: "
            "pip install 'frontegg-async[jwt]'"
        )


class Keys:
    """Key pairs: one signs, all that are published verify. The first is made when it is needed."""

    def __init__(self) -> None:
        self.secret = token_hex(32)
        """Signs and verifies HS256 tokens."""
        self._private: RSAPrivateKey | None = None
        self._id = ""
        self._published: list[dict[str, Any]] = []

    @property
    def made(self) -> bool:
        """Return whether a key is made, so that signing takes only a millisecond."""
        return self._private is not None

    def make(self) -> "RSAPrivateKey":
        """Return the private key; raise :exc:`CannotSignError` if there cannot be one."""
        return self.rotate() if self._private is None else self._private

    def rotate(self, *, keep: bool = False) -> "RSAPrivateKey":
        """Sign with a new key from now on.

        Args:
            keep: whether the keys before stay published, so that their tokens still verify.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric import rsa
            from jwt.algorithms import RSAAlgorithm
        except ModuleNotFoundError:
            raise CannotSignError from None
        self._private = rsa.generate_private_key(_EXPONENT, _BITS)
        public = RSAAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        self._id = sha256(public["n"].encode()).hexdigest()[:16]
        key = {
            "kty": public["kty"],
            "use": "sig",
            "alg": "RS256",
            "kid": self._id,
            "n": public["n"],
            "e": public["e"],
        }
        self._published = [*(self._published if keep else []), key]
        return self._private

    def sign(self, claims: Mapping[str, object], algorithm: Algorithm = "RS256") -> str:
        """Return a JWT with these claims."""
        key = self.make()
        import jwt

        if algorithm == "HS256":
            return jwt.encode(dict(claims), self.secret, algorithm="HS256")
        return jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": self._id})

    def pem(self) -> str:
        """Return the public key that tokens verify with now, as PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self.make().public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the JSON Web Key Set with the published keys."""
        self.make()
        return {"keys": self._published}
