"""The machine's own apt sources as the image builder's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.debian_sources import (
    NAMED_BY,
    debian_sources,
    one_line_to_stanza,
    serves,
    stanzas,
)
from harness.model.errors import ConfigurationError, InfrastructureError

STANZA = """Types: deb
# a comment
URIs: http://mirror.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
OTHER = "Types: deb\nURIs: http://other.invalid/x\nSuites: nodistro\nComponents: main\n"


def test_debians_own_sources_are_taken_and_others_left(tmp_path: Path) -> None:
    debian, other = tmp_path / "debian.sources", tmp_path / "other.sources"
    debian.write_text(f"{STANZA}\n{OTHER}")
    other.write_text(OTHER)
    found = debian_sources("bookworm", [debian, other, tmp_path / "absent.list"])
    assert "mirror.invalid" in found
    assert "Signed-By: /usr/share/keyrings" in found
    assert "other.invalid" not in found
    assert "comment" not in found


def test_the_old_one_line_form_works_too(tmp_path: Path) -> None:
    path = tmp_path / "sources.list"
    path.write_text(
        "deb-src http://mirror.invalid/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror.invalid/debian bookworm main contrib # here\n"
    )
    found = debian_sources("bookworm", [path])
    assert "Components: main contrib" in found
    assert "Signed-By: /k.gpg" in found
    assert "src" not in found


def test_a_switched_off_source_is_not_used() -> None:
    assert serves(STANZA, "bookworm")
    assert not serves(STANZA + "Enabled: no\n", "bookworm")
    assert not serves(STANZA, "trixie")


def test_a_machine_without_debian_sources_says_so(tmp_path: Path) -> None:
    path = tmp_path / "other.sources"
    path.write_text(OTHER)
    with pytest.raises(InfrastructureError, match="bookworm"):
        debian_sources("bookworm", [path])


@given(st.text())
def test_no_text_breaks_the_parsers(text: str) -> None:
    for stanza in stanzas(text):
        serves(stanza, "bookworm")
    for line in text.splitlines():
        stanza_or_none = one_line_to_stanza(line)
        assert stanza_or_none is None or stanza_or_none.startswith("Types: deb")


@pytest.mark.parametrize(
    ("name", "words"),
    [("none.sources", "there is no such file"), ("notes.txt", "Name one that ends with .sources or .list")],
)
def test_a_file_that_the_environment_names_is_one_of_sources(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").write_text(STANZA)
    monkeypatch.setenv(NAMED_BY, str(tmp_path / name))
    with pytest.raises(ConfigurationError, match=words) as refused:
        debian_sources("bookworm")
    assert refused.value.key == NAMED_BY
