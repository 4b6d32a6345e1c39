"""What may not stand in a matrix's steps: one sentence each, with the line."""

from pathlib import Path

import pytest

from harness.config.load import load_matrix
from harness.model.errors import ConfigurationError

MATRIX = """\
schema_version: 1
images:
  win11-24h2: {{product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100}}
scenarios:
  one:
    title: One
    steps:
      - {{machine: {machine}}}
{steps}
axes: {{image: ["*"], scenario: ["*"]}}
pools:
  embedded: {{provider: wine, base_image: wine, substrates: [wine]}}
"""
INSTALL, LEAVE = "{install: candidate}", "{uninstall: candidate}"


def problems(place: Path, *steps: str, machine: str = "") -> str:
    file = place / "matrix.yaml"
    lines = "\n".join(f"      - {step}" for step in steps)
    file.write_text(MATRIX.format(steps=lines, machine=machine), "utf-8")
    try:
        load_matrix(file)
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "steps",
    [
        ("{hindered: install, by: obstacle}", "{residue: }"),
        ("{power-cut: install, at: file}", INSTALL, LEAVE),
        (INSTALL, "{power-cut: uninstall, at: 0.5}", LEAVE),
        (INSTALL, "{check-in: }", "{soak: , rest_s: 60}", LEAVE),
        ("{install: candidate, into: 'C:\\Büro Süd', dirt: [backend-down]}", LEAVE),
        ("{install: previous}", "{hindered: upgrade, by: kill, at: service}"),
    ],
)
def test_what_makes_sense_is_taken(steps: tuple[str, ...], tmp_path: Path) -> None:
    assert problems(tmp_path, *steps) == ""


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (
            (INSTALL, "{check-in: candidate}", LEAVE),
            "check-in takes no value, so nothing may follow its",
        ),
        ((INSTALL, "{uninstall: previous}"), "uninstall is done with the candidate, not with previous"),
        (("{install: [candidate, previous]}", LEAVE), "install is done with one release, not with 2"),
        (("{hindered: install, by: bad-luck}",), "hindered needs by, what hinders it: obstacle, property, "),
        (("{hindered: coffee, by: obstacle}",), "needs what is broken off: install, upgrade, uninstall"),
        ((INSTALL, "{hindered: uninstall, by: obstacle}", LEAVE), "obstacle cannot hinder uninstall, only "),
        (("{hindered: install, by: kill}",), "needs at, the moment: file, service or a number of seconds"),
        (("{power-cut: install}", INSTALL), "power-cut needs at, the moment"),
        (("{power-cut: install, at: file, by: kill}", INSTALL), "a power-cut is by nothing else"),
        (
            ("{power-cut: install, at: file}", "{power-cut: install, at: file}", INSTALL),
            "only one step can be",
        ),
        (
            ("{power-cut: uninstall, at: file}", INSTALL, LEAVE),
            "there is nothing to uninstall before power-cut",
        ),
        (
            (INSTALL, "{power-cut: uninstall, at: 1}", "{check-in: }"),
            "stands right before uninstall: candidate",
        ),
        (("{power-cut: upgrade, at: file}", "{upgrade: candidate}"), "there is nothing to upgrade"),
        ((INSTALL, "{power-cut: install, at: file}"), "power-cut: install stands before install: candidate"),
        (("{install: candidate, at: file}",), "by and at stand at hindered and power-cut only"),
        ((INSTALL, "{soak: }"), "soak needs rest_s or use_s"),
        (("{install: candidate, rest_s: 5}",), "rest_s and use_s stand at soak only"),
        (("{install: candidate, dirt: [dust]}",), "there is no dirt 'dust'; known are ghost-product, "),
        (("{install: candidate, dirt: [leftovers]}",), "the dirt leftovers can stand at machine of the"),
        (("{install: previous, dirt: [backend-down]}", "{upgrade: candidate}"), "of the candidate only"),
        ((INSTALL, "{uninstall: candidate, into: 'C:\\X'}"), "into stands at install: candidate only"),
    ],
)
def test_what_does_not_is_one_sentence_with_its_line(
    steps: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    said = problems(tmp_path, *steps)
    assert words in said
    assert "matrix.yaml:" in said


def test_the_short_form_has_no_room_for_what_is_broken_off(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    text = MATRIX.format(steps="", machine="")
    file.write_text(text.replace("steps:\n      - {machine: }", "phases: [machine, soak]"), "utf-8")
    with pytest.raises(
        ConfigurationError, match=r"soak needs more said of it\. Write the scenario as steps\."
    ):
        load_matrix(file)
