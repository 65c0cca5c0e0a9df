"""The certificate that HTTPS=1 makes."""

from __future__ import annotations

import ssl
import stat
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509

from app.clock import now
from app.https import certificate, host_names

HOSTS = ["localhost", "clinic", "192.168.1.20", "fe80::1"]


def names(path: Path) -> x509.SubjectAlternativeName:
    loaded = x509.load_pem_x509_certificate(path.read_bytes())
    return loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_it_names_the_machine_and_its_addresses_and_a_server_can_use_it(tmp_path: Path) -> None:
    made, key = certificate(tmp_path, HOSTS)
    assert names(made).get_values_for_type(x509.DNSName) == ["localhost", "clinic"]
    assert names(made).get_values_for_type(x509.IPAddress) == [ip_address("192.168.1.20"), ip_address("fe80::1")]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made, key)


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    _, key = certificate(tmp_path, HOSTS)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_it_is_kept_while_it_is_good(tmp_path: Path) -> None:
    made, _ = certificate(tmp_path, HOSTS)
    before = made.read_bytes()
    assert certificate(tmp_path, HOSTS[:2])[0].read_bytes() == before


def test_it_is_made_anew_before_it_expires(tmp_path: Path) -> None:
    made, _ = certificate(tmp_path, HOSTS)
    before = made.read_bytes()
    assert certificate(tmp_path, HOSTS, at=now() + timedelta(days=391))[0].read_bytes() != before


def test_it_is_made_anew_for_a_new_address(tmp_path: Path) -> None:
    certificate(tmp_path, HOSTS)
    made, _ = certificate(tmp_path, [*HOSTS, "10.0.0.7"])
    assert ip_address("10.0.0.7") in names(made).get_values_for_type(x509.IPAddress)


def test_a_broken_file_is_replaced(tmp_path: Path) -> None:
    made, _ = certificate(tmp_path, HOSTS)
    made.write_text("not a certificate")
    certificate(tmp_path, HOSTS)
    assert names(made)


def test_this_machine_is_known_by_its_own_names() -> None:
    assert {"localhost", "127.0.0.1", "::1"} <= set(host_names())
