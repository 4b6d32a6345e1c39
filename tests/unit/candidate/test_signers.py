"""Who signed a file: names in every script, and a second signature."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.candidate.authenticode import APPENDED, parse_verification, read_signature, readable_name
from harness.candidate.pe import signature_blocks
from tests.programs import ended_well
from tests.unit.candidate.conftest import Installers


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("/C=DE/CN=M\\xC3\\xBCller GmbH", "/C=DE/CN=Müller GmbH"),
        ("/O=\\xE6\\x97\\xA5\\xE6\\x9C\\xAC/CN=Plain", "/O=日本/CN=Plain"),
        ("/CN=\\x00M\\x00\\xFC", "/CN=Mü"),  # BMPString
        ("/CN=M\\xFCller", "/CN=Müller"),  # T61String
        ("/CN=Plain, Inc.", "/CN=Plain, Inc."),
        ("", ""),
    ],
)
def test_a_name_is_read_in_its_own_script(printed: str, name: str) -> None:
    assert readable_name(printed) == name


@given(st.text(max_size=80))
def test_any_text_is_some_name(text: str) -> None:
    assert isinstance(readable_name(text), str)
    parse_verification(
        f"Message digest algorithm  : SHA256\nSignature Index: 1\nSigner's certificate:\n Subject: {text}"
    )


@pytest.mark.parametrize(
    ("ends", "stamp", "lapsed"),
    [
        ("Nov 27 12:20:43 2020 GMT", "Timestamp is not available", "2020-11-27"),
        ("Nov 27 12:20:43 2020 GMT", "The signature is timestamped: Nov 1 12:20:43 2020 GMT", ""),
        ("Nov 27 12:20:43 2220 GMT", "Timestamp is not available", ""),
        ("some day", "Timestamp is not available", ""),
    ],
)
def test_a_certificate_that_has_ended_counts_on_where_a_time_stamp_says_when_it_signed(
    ends: str, stamp: str, lapsed: str
) -> None:
    """As osslsigncode prints it; what stands behind the first signature is another's."""
    printed = (
        "Signature Index: 0  (Primary Signature)\nMessage digest algorithm : SHA256\nSigner's certificate:\n"
        f"\t\tSubject: /CN=A\n\t\t\tnotAfter : {ends}\n{stamp}\n"
        "Signature Index: 1\nSigner's certificate:\n\t\tnotAfter : Nov 27 12:20:43 2019 GMT\n"
    )
    assert parse_verification(printed).lapsed == lapsed


def signed(folder: Path, source: Path, publisher: str, *options: str) -> Path:
    """The file with one more signature."""
    made = folder / f"by-{publisher[:3]}.exe"
    key, certificate = folder / "key.pem", folder / "cert.pem"
    for command in (
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            key,
            "-out",
            certificate,
            "-subj",
            f"/CN={publisher}",
            "-utf8",
            "-days",
            "2",
            "-addext",
            "extendedKeyUsage=codeSigning",
        ],
        ["osslsigncode", "sign", *options, "-certs", certificate, "-key", key, "-in", source, "-out", made],
    ):
        ended_well([str(part) for part in command], 60)
    return made


def test_a_nested_signature_is_named(installers: Installers, tmp_path: Path) -> None:
    one = signed(tmp_path, installers.exe, "Müller GmbH")
    assert (read_signature(one).subject, read_signature(one).further) == ("/CN=Müller GmbH", ())
    found = read_signature(signed(tmp_path, one, "Zweite AG", "-nest"))
    assert (found.subject, found.further, found.intact) == ("/CN=Müller GmbH", ("/CN=Zweite AG",), True)


def test_an_appended_signature_is_counted(installers: Installers, tmp_path: Path) -> None:
    raw = bytearray(installers.signed_exe.read_bytes())
    at = int.from_bytes(raw[0x3C:0x40], "little") + 24 + 112 + 32
    place, size = struct.unpack_from("<II", raw, at)
    blocks = bytes(raw[place : place + size])
    struct.pack_into("<II", raw, at, place, 2 * size)
    path = tmp_path / "two.exe"
    path.write_bytes(bytes(raw) + blocks)
    assert (
        signature_blocks(installers.exe),
        signature_blocks(installers.signed_exe),
        signature_blocks(path),
    ) == (0, 1, 2)
    found = read_signature(path)
    assert (found.present, found.intact, found.further) == (True, True, (APPENDED,))


@given(st.binary(max_size=400), st.integers(0, 300))
def test_any_program_has_some_number_of_signatures(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, offset: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.exe"
    path.write_bytes(
        b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(20) + b"\x0b\x02" + bytes(offset) + data
    )
    assert signature_blocks(path) >= 0
