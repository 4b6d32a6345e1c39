"""`bvt serve` before it serves."""

import importlib.util
import tomllib
from pathlib import Path

import pytest

from harness.cli.serve import NEEDED, serve
from harness.model.errors import ConfigurationError


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvloop" else name)
    with pytest.raises(ConfigurationError, match=r"bvt serve needs uvloop\..*agent-bvt\[serve\]") as error:
        serve()
    assert error.value.hint


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"serve\.yaml"):
        serve(tmp_path / "serve.yaml")


def test_what_it_needs_is_in_the_lock_of_dev_gate() -> None:
    """`./dev bvt serve` works after `./dev gate`, as the tour has it."""
    root = Path(__file__).parents[3]
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    locked = {line.partition("==")[0] for line in (root / "requirements-gate.lock").read_text().splitlines()}
    assert set(extras["serve"]) <= locked
    assert {name.replace("_", "-") for name in NEEDED} == set(extras["serve"])
