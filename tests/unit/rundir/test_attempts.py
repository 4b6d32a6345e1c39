"""The attempts of a resumed cell: kept, read again, and a damaged file is one sentence."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.model.errors import ConfigurationError
from harness.model.report import Attempt, Outcome
from harness.rundir.attempts import EARLIER, earlier_attempts, keep_attempts


def test_what_was_tried_is_read_again(tmp_path: Path) -> None:
    assert earlier_attempts(tmp_path) == ()
    attempts = (Attempt(number=1, machine_id="bvt-1", began=datetime.now(UTC), outcome=Outcome.INFRA),)
    keep_attempts(tmp_path, attempts)
    assert earlier_attempts(tmp_path) == attempts


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{}",
        b"[1]",
        b"\xff\xfe[",
        b"[" * 100_000,
        b'[{"number": 1, "machine_id": "m", "began": "2026-01-01T00:00:00", "outcome": "infra"}]',
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: bytes) -> None:
    (tmp_path / EARLIER).write_bytes(text)
    with pytest.raises(
        ConfigurationError, match=r"earlier\.json: the earlier attempts of this cell cannot be"
    ):
        earlier_attempts(tmp_path)
