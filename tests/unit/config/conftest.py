"""A place where profiles are looked for, with one in it."""

from pathlib import Path

import pytest

from tests.unit.config.tiny import GOOD


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "tiny.yaml").write_text(GOOD)
    return tmp_path
