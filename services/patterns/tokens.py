"""Tokens: who somebody is and until when, signed, so that whoever has the key can check it alone.

A token that can be checked alone cannot be taken back alone: until it expires it is good wherever
nobody has heard of its end. A signature holds as long as its key is accepted, so a key is rotated
by accepting two for as long as the oldest token lives. Sources: Jones, Bradley, Sakimura, RFC 7519
"JSON Web Token" (2015), which this leaves out but for its idea; Richer, RFC 7662 "Token
Introspection" (2015). In production: PyJWT or Authlib, and an identity provider such as Keycloak.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

MICROSECONDS = 1_000_000


class Verdict(StrEnum):
    """What came of a check."""

    GOOD = "good"
    MALFORMED = "malformed"
    KEY = "key not accepted"
    FORGED = "forged"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Who it was issued to, from when until when in seconds since 1970, and by which key."""

    user: str
    issued_s: float
    until_s: float
    key: str

    def text(self) -> str:
        """Write it down with its signature."""
        said = ".".join((self.user.encode().hex(), *map(_us, (self.issued_s, self.until_s))))
        return f"{said}.{self.key}.{_signed(said, self.key)}"


def read(text: str, now_s: float, accepted: Collection[str]) -> tuple[Verdict, Token | None]:
    """Check a token against the keys that are accepted; give it where it could be read."""
    try:
        said, key, signature = text.rsplit(".", 2)
        user, issued_us, until_us = said.split(".")
        token = Token(
            user=bytes.fromhex(user).decode(),
            issued_s=int(issued_us) / MICROSECONDS,
            until_s=int(until_us) / MICROSECONDS,
            key=key,
        )
    except ValueError:
        return Verdict.MALFORMED, None
    if key not in accepted:
        return Verdict.KEY, token
    if not hmac.compare_digest(signature, _signed(said, key)):
        return Verdict.FORGED, token
    return (Verdict.EXPIRED if now_s >= token.until_s else Verdict.GOOD), token


def _us(time_s: float) -> str:
    return str(round(time_s * MICROSECONDS))


def _signed(said: str, key: str) -> str:
    # The key's name is its secret here: no lab is about guessing it.
    return hmac.new(key.encode(), said.encode(), hashlib.sha256).hexdigest()
