"""An authority as old clusters have it: without key identifiers, which Python 3.13 refuses."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sensor.kube.endpoint import Endpoint
from sensor.kube.errors import Unreachable
from sensor.kube.http import Api
from tests.live.kube.apiserver import Answer, ApiServer
from tests.unit.kube.made import pod_list

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.kube.http import Json


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> bytes:
    """A certificate with that extension and no other."""
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .sign(issuer_key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


@pytest.fixture
def old_authority(tmp_path: Path) -> Path:
    """A folder with ca.crt and server.pem."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.BasicConstraints(ca=True, path_length=None)
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    (tmp_path / "ca.crt").write_bytes(certificate("ca", root, "ca", root, authority))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    server = certificate("server", key, "ca", root, host)
    (tmp_path / "server.pem").write_bytes(server + private)
    return tmp_path


def strict(cafile: str | None = None) -> ssl.SSLContext:
    """What `ssl.create_default_context` makes from Python 3.13 on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def list_pods(url: str, ca: Path) -> Json:
    api = Api(Endpoint(url, str(ca)))
    try:
        return api.get("/api/v1/pods")
    finally:
        api.close()


def test_it_is_believed_by_every_python(
    old_authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "create_default_context", strict)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(old_authority / "server.pem")
    with ApiServer(serving) as server:
        server.lists.append(Answer(pod_list()))
        assert list_pods(server.url, old_authority / "ca.crt")["items"] == []


def test_but_not_without_being_given(old_authority: Path, ca: str) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(old_authority / "server.pem")
    with ApiServer(serving) as server, pytest.raises(Unreachable, match="TLS"):
        list_pods(server.url, old_authority.parent / ca)
