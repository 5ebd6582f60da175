"""The passphrase secrets provider's own format, so that either engine reads what the other wrote.

Salt: `v1:BASE64(8 bytes):CIPHERTEXT of the word pulumi`. Key: PBKDF2-HMAC-SHA256, 1,000,000 rounds, 32 bytes. Ciphertext:
`v1:BASE64(12 byte nonce):BASE64(AES-256-GCM)`. (Source: pulumi/pulumi, sdk/go/common/resource/config/crypt.go and
pkg/secrets/passphrase.)
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import secrets as random
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from foundry.sandbox.engine.errors import EngineError

_ROUNDS = 1_000_000
_KEY_BYTES = 32
_SALT_BYTES = 8
_NONCE_BYTES = 12
_CHECK_WORD = "pulumi"


@dataclass
class Crypter:
    """Encrypts and decrypts with one key. A text that was decrypted for a resource gets its old ciphertext back."""

    key: bytes = field(repr=False)
    _known: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def encrypt(self, text: str, place: str = "") -> str:
        """Plain text → `v1:nonce:ciphertext`; `place` names whose secret it is, and repeats give the same ciphertext there."""
        known = self._known.get((place, text)) if place else None
        if known is not None:
            return known
        nonce = random.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.key).encrypt(nonce, text.encode(), None)
        result = f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"
        if place:
            self._known[place, text] = result
        return result

    def decrypt(self, text: str, place: str = "") -> str:
        """`v1:nonce:ciphertext` → plain text. Raises EngineError if it was written with another passphrase or is damaged."""
        version, _, rest = text.partition(":")
        nonce, _, sealed = rest.partition(":")
        if version != "v1" or not sealed:
            raise EngineError(
                "a secret in the state or the settings is not in the passphrase provider's format (v1:...)"
            )
        try:
            opened = (
                AESGCM(self.key).decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None).decode()
            )
        except (InvalidTag, ValueError) as error:
            raise EngineError(
                "a secret can't be decrypted: it was written with another passphrase or is damaged"
            ) from error
        if place:
            self._known[place, opened] = text
        return opened


def passphrase() -> str | None:
    """The passphrase that the environment gives, the CLI's way; None if there is none (an empty one counts)."""
    direct = os.environ.get("PULUMI_CONFIG_PASSPHRASE")
    if direct is not None:
        return direct
    file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not file:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EngineError(f"PULUMI_CONFIG_PASSPHRASE_FILE: {file} can't be read: {error.strerror}") from error


def open_salt(salt: str, phrase: str) -> Crypter:
    """The crypter of a stack. Raises EngineError for a wrong passphrase or an unreadable salt. Takes about 0.3 s of CPU."""
    parts = salt.split(":", 2)
    if len(parts) != 3 or parts[0] != "v1":
        raise EngineError(
            "encryptionsalt in the stack's settings is not in the passphrase provider's format (v1:...)"
        )
    crypter = Crypter(_derive(phrase, base64.b64decode(parts[1])))
    try:
        word = crypter.decrypt(parts[2])
    except EngineError:
        word = ""
    if word != _CHECK_WORD:
        raise EngineError(
            "incorrect passphrase: PULUMI_CONFIG_PASSPHRASE doesn't fit the stack's encryptionsalt"
        )
    return crypter


def new_salt(phrase: str) -> tuple[str, Crypter]:
    """A salt for a stack that has none, and its crypter."""
    raw = random.token_bytes(_SALT_BYTES)
    crypter = Crypter(_derive(phrase, raw))
    return f"v1:{base64.b64encode(raw).decode()}:{crypter.encrypt(_CHECK_WORD)}", crypter


@functools.lru_cache(maxsize=4)  # an up is two runs of one process, and the derivation is meant to be slow
def _derive(phrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", phrase.encode(), salt, _ROUNDS, _KEY_BYTES)
