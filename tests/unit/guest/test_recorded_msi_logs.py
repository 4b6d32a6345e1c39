"""Verbose logs that real Windows wrote, as others posted them (tests/recorded/windows_said.yaml)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.guest.msi.log import decode_log, excerpt, failure

RECORDED: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "recorded" / "windows_said.yaml").read_text("utf-8")
)["msi_logs"]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: str(recorded["source"]))
@pytest.mark.parametrize("harmless", [0, 80])
def test_the_action_that_failed_is_named_with_its_cause(recorded: dict[str, Any], harmless: int) -> None:
    notes = [f"MSI (s) (50:D8) [16:28:12:044]: User policy value 'V{n}' is 3" for n in range(harmless)]
    text = "\r\n".join([*notes, *recorded["lines"], *notes])
    found = failure(decode_log(b"\xff\xfe" + text.encode("utf-16-le")))
    assert (found.action if found else None) == recorded["action"]
    assert recorded["cause"] in excerpt(text)
    if found and recorded["cause"]:
        assert any(recorded["cause"] in cause for cause in found.causes), found.causes
