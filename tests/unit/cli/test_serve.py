"""`bvt serve` before it serves."""

import importlib.util
from pathlib import Path

import pytest

from harness.cli.serve import serve
from harness.model.errors import ConfigurationError


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvloop" else name)
    with pytest.raises(ConfigurationError, match=r"bvt serve needs uvloop\..*agent-bvt\[serve\]") as error:
        serve()
    assert error.value.hint


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"serve\.yaml"):
        serve(tmp_path / "serve.yaml")
