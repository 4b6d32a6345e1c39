"""Where the harness keeps its state, and where it cannot."""

import os
from pathlib import Path

import platformdirs
import pytest

from harness.model.errors import ConfigurationError
from harness.state import StateDirectory


def test_it_is_where_the_environment_says_seen_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BVT_HOME", "mine")
    assert StateDirectory.default().root == tmp_path / "mine"


def test_a_user_without_a_home_directory_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("BVT_HOME", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", unknown)
    with pytest.raises(ConfigurationError, match=r"no home directory .* Name a directory in BVT_HOME"):
        StateDirectory.default()


def test_a_place_that_cannot_be_made_or_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"file/intents: the harness cannot keep .*Not a directory"):
        StateDirectory(tmp_path / "file").part("intents")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(ConfigurationError, match=r"intents: the harness cannot keep .*Permission denied"):
        StateDirectory(tmp_path).part("intents")
