"""What would keep the server from speaking TLS is a mistake in its settings, said before it listens."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from harness.machines.certificate import self_signed
from harness.server.settings import Tls
from harness.server.tls_files import tls_problems


@pytest.fixture
def files(tmp_path: Path) -> Tls:
    certificate, key = self_signed("releases.example")
    (tmp_path / "tls.pem").write_bytes(certificate)
    (tmp_path / "tls.key").write_bytes(key)
    return Tls(certificate=tmp_path / "tls.pem", key=tmp_path / "tls.key")


def said(tls: Tls) -> list[tuple[str, str]]:
    return [(problem.dotted, f"{problem.message} {problem.hint}") for problem in tls_problems(tls)]


def test_a_certificate_and_its_key_are_no_problem(files: Tls) -> None:
    assert said(files) == []


def test_a_file_that_is_not_there_is_named(files: Tls) -> None:
    files.key.unlink()
    assert said(files) == [("tls.key", f"{files.key}: there is no such file. Name a PEM file.")]


def test_a_directory_is_no_certificate(files: Tls) -> None:
    assert said(files.model_copy(update={"certificate": files.key.parent}))[0][0] == "tls.certificate"


def test_what_is_no_pem_is_said(files: Tls) -> None:
    files.certificate.write_text("no certificate")
    assert said(files)[0][0] == "tls"
    assert "are no certificate and its key. Name the two PEM files." in said(files)[0][1]


def test_the_key_of_another_certificate_is_said(files: Tls) -> None:
    files.key.write_bytes(self_signed("releases.example")[1])
    assert said(files) == [("tls.key", f"{files.key}: this is not the key of {files.certificate}. ")]


def test_nobody_is_asked_for_a_passphrase(files: Tls) -> None:
    key = load_pem_private_key(files.key.read_bytes(), None)
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase"))
    files.key.write_bytes(sealed)
    assert "the key is encrypted with a passphrase" in said(files)[0][1]
