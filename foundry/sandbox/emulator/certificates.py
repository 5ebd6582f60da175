"""The certificate authority of one sandbox, kept over restarts so that clients need to trust it only once."""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import certifi
import trustme
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

_LIFE: Final = timedelta(days=365)
_RENEW: Final = timedelta(days=30)
_NAMES: Final = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files of one sandbox folder.

    Attributes:
        ca: Certificate of the authority (PEM).
        bundle: certifi's bundle and the authority, for clients that take one file for everything.
        server: Key and chain of the server.
    """

    ca: Path
    bundle: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        """A server-side TLS context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server)
        return context


def _write(path: Path, data: bytes) -> None:
    """Replaces a file in one step; only its owner may read it."""
    draft = path.with_suffix(path.suffix + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    draft.replace(path)


def _is_good(path: Path, authority: bytes) -> bool:
    """Whether a server certificate is there, of this authority, for a server, and not about to end."""
    try:
        chain = x509.load_pem_x509_certificates(path.read_bytes())
        issuer = x509.load_pem_x509_certificate(authority)
        chain[0].verify_directly_issued_by(issuer)
        usage = chain[0].extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    assert isinstance(usage, x509.ExtendedKeyUsage)
    return (
        ExtendedKeyUsageOID.SERVER_AUTH in usage and chain[0].not_valid_after_utc > datetime.now(UTC) + _RENEW
    )


def ensure_certificates(home: Path) -> Certificates:
    """Reads or makes the authority, and issues the server's certificate anew when it is missing or near its end.

    Raises `OSError` when the folder can't be written.
    """
    files = Certificates(home / "ca.pem", home / "bundle.pem", home / "server.pem")
    key = home / "ca.key"
    if files.ca.exists() and key.exists():
        authority = trustme.CA.from_pem(files.ca.read_bytes(), key.read_bytes())
    else:
        authority = trustme.CA(organization_name="Foundry as Code sandbox")
        _write(key, authority.private_key_pem.bytes())
        _write(files.ca, authority.cert_pem.bytes())
    ca_pem = authority.cert_pem.bytes()
    if not _is_good(files.server, ca_pem):
        issued = authority.issue_cert(*_NAMES, common_name="localhost", not_after=datetime.now(UTC) + _LIFE)
        _write(files.server, issued.private_key_and_cert_chain_pem.bytes())
    bundle = Path(certifi.where()).read_bytes().rstrip() + b"\n" + ca_pem
    if not files.bundle.exists() or files.bundle.read_bytes() != bundle:
        _write(files.bundle, bundle)
    return files
