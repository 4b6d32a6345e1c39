"""Intents on disk: whole or not at all, readable by their owner alone."""

from pathlib import Path

import pytest

from harness.machines.intent import IntentFile, read_intent, read_intents
from harness.model.errors import InfrastructureError


def test_an_intent_is_read_as_it_was_written_and_nobody_else_can(tmp_path: Path) -> None:
    intent = IntentFile.begin(tmp_path, provider="wine", run_id="r", cell_id="a/b")
    intent.add(directory="/somewhere")
    assert intent.path.stat().st_mode & 0o777 == 0o600
    assert read_intent(intent.path) == intent.intent
    intent.done()
    assert read_intent(intent.path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"machine_id": "../x"}', "\xff"])
def test_a_damaged_intent_is_an_error_by_itself_and_passed_over_among_others(
    tmp_path: Path, content: str
) -> None:
    good = IntentFile.begin(tmp_path, provider="wine", run_id="r")
    damaged = tmp_path / "damaged.json"
    damaged.write_text(content, encoding="latin-1")
    with pytest.raises(InfrastructureError, match=r"damaged\.json is not an intent"):
        read_intent(damaged)
    assert read_intents(tmp_path) == [good.intent]
