"""What a file of a package holds and should not."""

from pathlib import Path

import pytest

from harness.candidate.content_doubts import doubt

BEGINS = f"-----BEGIN {'PRIVATE'} KEY-----\n"
KEY = f"{BEGINS}{'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB' * 2}\n".encode()
TOKEN = f"{'ghp'}_{'bm90IGEgdG9rZW4gb2Yg' + 'YW55Ym9keUJW'}".ljust(40, "7").encode()
SHROUDED, CERTIFICATE = (bytes.fromhex(f"060b2a864886f70d010c0a01{kind}") for kind in ("02", "03"))


def der(begins: str, length: int = 1000) -> bytes:
    """The first bytes of a sequence in DER, and any others."""
    body = bytes.fromhex(begins)
    return b"\x30\x82" + length.to_bytes(2, "big") + body + bytes(range(1, 251)) * 4


PKCS8, PKCS1, OF_A_STORE = "020100300d06092a864886f70d010101", "020100028201", "020103308209"
CLOUD = b"kTq3PvR8mLx2WzNc7YbJd5HgFs9AeU4iVo6ByQ1X"
STORE = b"Zm9vYmFyMTIz" * 7 + b"Ab=="
EC_KEY = KEY.replace(b"PRIVATE", b"EC PRIVATE")


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("Agent/agent.exe", b"", "it is empty"),
        ("Agent/channel.sys", bytes(4096), "its 4096 bytes are all zeros"),
        ("Agent/key.pem", KEY, "a private key"),
        ("Agent/readme.txt", b"about\n" + EC_KEY, "a private key"),
        ("Agent/build.env", b"GITHUB_TOKEN=" + TOKEN + b"\n", "a token of an account"),
        ("Agent/key.der", der(PKCS8)[:1004], "a private key"),
        ("Agent/key.der", der(PKCS1)[:1004], "a private key"),
        ("Agent/client.pfx", der(OF_A_STORE) + SHROUDED, "a private key"),
        ("Agent/.aws", b"aws_secret_access_key = " + CLOUD + b"\n", "a token of an account"),
        ("Agent/build.json", b'"AWS_SECRET_ACCESS_KEY": "' + CLOUD + b'"', "a token of an account"),
        ("Agent/store.txt", b"AccountName=x;AccountKey=" + STORE + b";", "a token of an account"),
        (
            "Agent/old.key",
            KEY.replace(b"\nMII", b"\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMII"),
            "a private key",
        ),
    ],
)
def test_what_no_file_should_hold_is_said(tmp_path: Path, path: str, content: bytes, words: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert words in doubt(path, file)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("Agent/empty.txt", b""),
        ("Agent/flag.txt", bytes(8)),
        ("Agent/large.bin", bytes(4096)),
        ("Agent/sparse.bin", bytes(4096) + b"x"),
        ("Agent/padded.txt", bytes(4096) + b"x"),
        ("Agent/ca.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n"),
        ("Agent/help.txt", f"a file that begins with -----BEGIN {'PRIVATE'} KEY----- is a key".encode()),
        ("Agent/manual.md", f"Put your key there:\n{BEGINS}MIIEvQIBADANBg...\n-----END".encode()),
        ("Agent/template.pem", f"{BEGINS}YOUR KEY HERE\n-----END".encode()),
        ("python/test/ssl_key.pem", KEY),
        ("Agent/manual.md", b"GITHUB_TOKEN=ghp_" + 36 * b"x"),
        ("Agent/names.txt", b"a" + TOKEN + b"and more letters"),
        ("Agent/tests/build.env", TOKEN),
        ("Agent/key.der", der(PKCS8)),
        ("Agent/ca.der", der("3082010002")[:1004]),
        ("Agent/roots.p12", der(OF_A_STORE) + CERTIFICATE),
        ("Agent/manual.md", b"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("Agent/manual.md", b"aws_secret_access_key = " + b"x" * 40),
        ("Agent/manual.md", b"AccountKey=" + b"A" * 86 + b"=="),
        ("Agent/manual.md", b"set aws_secret_access_key in the environment"),
    ],
)
def test_what_comes_close_is_nothing(tmp_path: Path, path: str, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert doubt(path, file) == ""
