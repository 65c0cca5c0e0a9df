"""A certificate of our own making, so that a tablet on the same network may use its camera (HTTPS=1).

Browsers open cameras only on localhost or over https (Secure Contexts, section 3.1). Nobody vouches for this
certificate: each device asks once whether to go on. A public server has a real one in front of it instead.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.clock import now

VALID_DAYS = 397  # the longest that browsers take from anybody (CA/Browser Forum, 6.3.2)
RENEW_BEFORE = timedelta(days=7)
ELSEWHERE = ("192.0.2.1", "2001:db8::1")  # never reached (RFC 5737, RFC 3849): asks which address faces outwards


def lan_addresses() -> list[str]:
    """This machine's addresses on its networks, loopback excluded."""
    found: set[str] = set()
    for target in ELSEWHERE:
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))  # a datagram socket sends nothing on connect
            found.add(probe.getsockname()[0])
    with suppress(OSError):
        found.update(str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None))
    addresses = {text.partition("%")[0] for text in found}
    return sorted(text for text in addresses if not ipaddress.ip_address(text).is_loopback)


def host_names() -> list[str]:
    """What this machine may be called by a browser: names first, then addresses."""
    name = socket.gethostname()
    local = [] if "." in name else [f"{name}.local"]
    return ["localhost", name, *local, "127.0.0.1", "::1", *lan_addresses()]


def certificate(data_dir: Path, hosts: list[str] | None = None, at: datetime | None = None) -> tuple[Path, Path]:
    """Paths of the certificate and its key (PEM), made anew when absent, nearly expired, or missing one of `hosts`."""
    wanted, moment = hosts or host_names(), at or now()
    folder = data_dir / "tls"
    paths = folder / "certificate.pem", folder / "key.pem"
    if not all(path.is_file() for path in paths) or not _still_good(paths[0], wanted, moment):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made, key = _make(wanted, moment)
        _write(paths[1], key)
        _write(paths[0], made)
    return paths


def _still_good(path: Path, hosts: list[str], at: datetime) -> bool:
    try:
        present = x509.load_pem_x509_certificate(path.read_bytes())
        names = present.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return at + RENEW_BEFORE < present.not_valid_after_utc and all(_name(host) in names for host in hosts)


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _make(hosts: list[str], at: datetime) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nidaan on this network")])
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))  # a tablet's clock may be behind
        .not_valid_after(at + timedelta(days=VALID_DAYS - 1))
        .add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), private


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and readable by its owner alone."""
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    partial.replace(path)
