"""`bvt serve` before it serves."""

import importlib.util
import tomllib
from pathlib import Path

import pytest
import yaml

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


@pytest.mark.parametrize(("name", "others"), [("notify", {}), ("playbooks", {"notify": "notify.yaml"})])
def test_check_also_reads_the_files_that_the_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, others: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notify.yaml").write_text(
        "schema_version: 1\ndestinations: [{name: channel, url: 'json://127.0.0.1:9/'}]\n"
    )
    Path("wrong.yaml").write_text("schema_version: 1\nnothing: 1\n")
    written = {"tokens": [], "ledger": "ledger.db", **others, name: "wrong.yaml"}
    Path("serve.yaml").write_text(yaml.safe_dump(written))
    with pytest.raises(ConfigurationError, match=r"wrong\.yaml:1: the key .* is missing"):
        serve(Path("serve.yaml"), check=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ledger": "none.db"}, "there is no ledger here"),
        ({"ledger": "none.db", "ledger_key": "none.key"}, "there is no such file"),
        (
            {"ledger": "none.db", "ledger_key": "hsm:2?label=ledger"},
            "Name its PEM file under ledger_public_key in serve.yaml",
        ),
        ({"ledger": "none.db", "notify": "none.yaml"}, "there is no ledger here"),
    ],
)
def test_a_start_that_is_refused_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("serve.yaml").write_text(yaml.safe_dump({"tokens": [], "listen": "127.0.0.1:0", **settings}))
    with pytest.raises(ConfigurationError, match=words):
        serve(Path("serve.yaml"), store=tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["serve.yaml"]
