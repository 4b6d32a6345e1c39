"""Secrets do not survive in evidence."""

import errno
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cell import secrets
from harness.cell.secrets import mask_error, redact
from harness.model.errors import InfrastructureError, MachineLost

SECRET = "s3cret-Token_42"


def test_a_secret_is_masked_in_both_encodings_of_windows_logs(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.log").write_text(f"PROPERTY={SECRET} again {SECRET}")
    (tmp_path / "sub" / "b.log").write_bytes(f"PROPERTY={SECRET}".encode("utf-16-le"))
    (tmp_path / "c.log").write_text("nothing here")
    (tmp_path / "empty.log").touch()
    changed = redact(tmp_path, [SECRET, ""])
    assert [path.name for path in changed] == ["a.log", "b.log"]
    assert SECRET not in (tmp_path / "a.log").read_text()
    assert SECRET not in (tmp_path / "sub" / "b.log").read_bytes().decode("utf-16-le")


def test_a_secret_is_masked_in_every_form_in_which_files_hold_it(tmp_path: Path) -> None:
    secret = 'päss "word"/1'
    for name, form in (
        ("url", quote(secret, safe="")),
        ("json", json.dumps(secret)[1:-1]),
        ("plain", secret),
    ):
        (tmp_path / name).write_text(f"it is {form}.")
    redact(tmp_path, [secret])
    assert all(set(path.read_text().removeprefix("it is ")) == set("*.") for path in tmp_path.iterdir())


@given(before=st.binary(max_size=64), after=st.binary(max_size=64), secret=st.text(min_size=4, max_size=20))
def test_everything_else_stays_where_it_was(
    tmp_path_factory: "object", before: bytes, after: bytes, secret: str
) -> None:
    folder = Path(str(tmp_path_factory.mktemp("evidence")))  # type: ignore[attr-defined]
    try:
        encoded = secret.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate cannot be a secret that was ever written
    (folder / "dump.bin").write_bytes(before + encoded + after)
    redact(folder, [secret])
    content = (folder / "dump.bin").read_bytes()
    assert len(content) == len(before) + len(encoded) + len(after)
    assert encoded not in content or "*" in secret


def test_an_error_and_its_causes_lose_their_secrets() -> None:
    cause = ValueError("msiexec ENROLSECRET=hush", 7)
    error = InfrastructureError("`msiexec ENROLSECRET=hush` hangs.", hint="It said hush.")
    error.__cause__ = cause
    mask_error(error, lambda text: text.replace("hush", "***"))
    assert str(error) == "`msiexec ENROLSECRET=***` hangs. It said ***."
    assert cause.args == ("msiexec ENROLSECRET=***", 7)


def test_a_ring_of_causes_is_masked_and_left() -> None:
    first, second = ValueError(f"first {SECRET}"), MachineLost(f"second {SECRET}", hint=SECRET)
    first.__cause__, second.__cause__ = second, first
    mask_error(first, lambda text: text.replace(SECRET, "***"))
    assert str(first) == "first ***"
    assert str(second) == "second *** ***"


def test_a_file_that_cannot_be_masked_is_not_kept_and_the_others_are_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = secrets._redact_file

    def broken_disk(path: Path, needles: dict[bytes, bytes]) -> bool:
        if path.name == "a.log":
            raise OSError(errno.EIO, "Input/output error")
        return mask(path, needles)

    monkeypatch.setattr(secrets, "_redact_file", broken_disk)
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(SECRET)
    with pytest.raises(OSError, match=r"could not be masked: a\.log: Input/output error"):
        redact(tmp_path, [SECRET])
    assert [path.name for path in tmp_path.iterdir()] == ["b.log"]
    assert SECRET not in (tmp_path / "b.log").read_text()
