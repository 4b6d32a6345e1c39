"""What a file of a package holds and should not."""

from pathlib import Path

import pytest

from harness.candidate.content_doubts import doubt

BEGINS = f"-----BEGIN {'PRIVATE'} KEY-----\n"
KEY = f"{BEGINS}{'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB' * 2}\n".encode()
TOKEN = f"{'ghp'}_{'bm90IGEgdG9rZW4gb2Yg' + 'YW55Ym9keUJW'}".ljust(40, "7").encode()
EC_KEY = KEY.replace(b"PRIVATE", b"EC PRIVATE")


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("Agent/agent.exe", b"", "it is empty"),
        ("Agent/channel.sys", bytes(4096), "its 4096 bytes are all zeros"),
        ("Agent/key.pem", KEY, "a private key"),
        ("Agent/readme.txt", b"about\n" + EC_KEY, "a private key"),
        ("Agent/build.env", b"GITHUB_TOKEN=" + TOKEN + b"\n", "a token of an account"),
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
    ],
)
def test_what_comes_close_is_nothing(tmp_path: Path, path: str, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert doubt(path, file) == ""
