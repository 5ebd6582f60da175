"""Who may ask, and the signed tokens that say so.

There is no directory: the people are a fixed table, every managed identity that ARM handed out is known through its
resource, and a token is a JWT signed with a key that lives in the database.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

from foundry.sandbox.emulator.database import Database
from foundry.sandbox.emulator.settings import TENANT


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who can hold a token.

    Attributes:
        oid: Object id, the one that role assignments name.
        name: Shown in messages.
        client_id: Picks this principal at the token endpoint.
        groups: Object ids of the groups it belongs to.
    """

    oid: str
    name: str
    client_id: str
    groups: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every object id whose role assignments count for this principal."""
        return (self.oid, *self.groups)


DEVELOPERS: Final = "00000000-0000-4000-8000-0000000000a1"
DEPLOYER: Final = Principal("00000000-0000-4000-8000-0000000000d1", "sandbox-deployer", "sandbox-deployer")
DEVELOPER: Final = Principal(
    "00000000-0000-4000-8000-0000000000d2", "sandbox-developer", "sandbox-developer", (DEVELOPERS,)
)
STRANGER: Final = Principal("00000000-0000-4000-8000-0000000000d3", "sandbox-stranger", "sandbox-stranger")
PEOPLE: Final = (DEPLOYER, DEVELOPER, STRANGER)


class TokenError(Exception):
    """A token that isn't accepted; `reason` is one of malformed, signature, expired, audience."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class IdentityStore:
    """Issues and verifies tokens, derives the keys of resources."""

    def __init__(self, database: Database) -> None:
        self._key = database.keep("signing-key", secrets.token_bytes(32))

    @staticmethod
    def principal(client_id: str | None) -> Principal | None:
        """The principal of a client id or an object id; the deployer when none is given; None when unknown."""
        if not client_id:
            return DEPLOYER
        wanted = client_id.lower()
        return next((item for item in PEOPLE if wanted in (item.client_id, item.oid)), None)

    def issue(self, principal: Principal, audience: str, now: float, life: int) -> tuple[str, int]:
        """A signed token and the Unix second at which it ends."""
        ends = int(now) + life
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": ends,
            "oid": principal.oid,
            "sub": principal.oid,
            "appid": principal.client_id,
            "tid": TENANT,
            "idtyp": "app",
            "ver": "1.0",
        }
        head = _encode(b'{"alg":"HS256","typ":"JWT"}') + "." + _encode(json.dumps(claims).encode())
        return head + "." + _encode(self._sign(head)), ends

    def verify(self, token: str, audiences: tuple[str, ...], now: float) -> Principal:
        """The principal of a token; raises `TokenError`."""
        try:
            head, _, signature = token.rpartition(".")
            given = _decode(signature)
            claims = json.loads(_decode(head.partition(".")[2]))
        except (ValueError, binascii.Error) as error:
            raise TokenError("malformed") from error
        if not hmac.compare_digest(given, self._sign(head)):
            raise TokenError("signature")
        if claims["exp"] <= now:
            raise TokenError("expired")
        if str(claims["aud"]).rstrip("/").lower() not in audiences:
            raise TokenError("audience")
        # What is signed and nobody's of the table is a managed identity's, which only the emulator itself is given tokens for.
        return self.principal(claims["oid"]) or Principal(claims["oid"], claims["oid"], claims["appid"])

    def secret_for(self, *parts: str, size: int = 32) -> str:
        """A key that belongs to a resource: the same for the same parts as long as the database lives."""
        digest = hmac.new(self._key, "\x00".join(parts).lower().encode(), hashlib.sha512).digest()
        return base64.b64encode(digest[:size]).decode()

    def _sign(self, head: str) -> bytes:
        return hmac.new(self._key, head.encode(), hashlib.sha256).digest()
