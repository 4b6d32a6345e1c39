from pathlib import Path

import pytest

from harness.config import find_matrix, load_matrix
from harness.model.errors import ConfigurationError
from harness.model.matrix import Matrix

GOOD = """\
images:
  win10: {product_name: Windows 10 Pro, major: 10, minor: 0, build: 19045, display_version: 22H2}
  win11: {product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100}
scenarios:
  fresh: {title: Fresh, phases: [machine, install, uninstall]}
  reboot: {title: Reboot, phases: [machine, install, reboot]}
axes:
  image: ["*"]
  scenario: [fresh]
include:
  - {image: win11, scenario: reboot}
requirements:
  - {image: win10, requirement: advisory, reason: out of support}
pools:
  embedded: {provider: wine, substrates: [wine]}
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "matrix.yaml"
    file.write_text(text)
    return file


def test_the_matrix_that_ships_loads() -> None:
    matrix, digest = load_matrix(find_matrix())
    assert isinstance(matrix, Matrix)
    assert len(digest) == 64
    assert len([image for image in matrix.images.values() if not image.legacy]) >= 7


def test_a_small_matrix_loads(tmp_path: Path) -> None:
    assert set(load_matrix(written(tmp_path, GOOD))[0].images) == {"win10", "win11"}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("display_version: 22H2", "display_version: 1607", 2, 'Put it in quotes: "1607"'),
        ("build: 19045", "build: 19045000", 2, "expected at most 999999, found the number 19045000."),
        ("build: 19045", "build: 019045", 2, "'019045'"),
        ("  win11: {", "  Win11: {", 3, "'Win11' cannot be part of a cell id"),
        (
            "  reboot: {",
            f"  {'r' * 65}: {{",
            6,
            "cannot be part of a cell id. Use at most 64 lower-case letters",
        ),
        ("  embedded: {", '  "": {', 15, "'' cannot be a pool's name. Use printable characters"),
        ("  embedded: {", '  " a\\n": {', 15, "cannot be a pool's name"),
        ("win11: {product_name", "win11: {produkt_name", 3, "Did you mean 'product_name'?"),
        ("[machine, install, uninstall]", "[machine, instal]", 5, "Did you mean 'install'?"),
        ("[machine, install, uninstall]", "[install, machine]", 5, "Write [machine, install]"),
        ("[machine, install, uninstall]", "[machine, machine]", 5, "a phase is listed twice"),
        ("[machine, install, uninstall]", "[]", 5, "expected at least 1 entry, found an empty list"),
        ('image: ["*"]', 'image: ["win12"]', 8, "no image matches 'win12'. Did you mean"),
        ('  image: ["*"]\n', "", 7, "the axis 'image' is missing"),
        ('image: ["*"]', "image: []", 8, "the axis has no value"),
        ("scenario: [fresh]", "scenario: [fresh, fresh]", 9, "a value is listed twice"),
        ("scenario: [fresh]", "scenario: [fresh]\n  locale: [de-DE]", 10, "'de-DE' cannot be part"),
        ("scenario: [fresh]", "scenario: [fresh]\n  locale: [de]", 12, "the axis 'locale' is missing"),
        ("{image: win11, scenario: reboot}", "{image: win12, scenario: reboot}", 11, "unknown image 'win12'"),
        ("{image: win11, scenario: reboot}", "{image: win11, scenario: rebot}", 11, "Did you mean 'reboot'?"),
        ("{image: win11, scenario: reboot}", "{image: win11}", 11, "the axis 'scenario' is missing"),
        ("{image: win11, scenario: reboot}", "{image: win11, scenario: reboot, l: d}", 11, "no such axis"),
        ("{image: win11, scenario: reboot}", "{image: win11, scenario: fresh}", 11, "is already there"),
        ("{image: win10, requirement", "{image: win7, requirement", 13, "matches no cell. Did you mean"),
        ("{image: win10, requirement", "{image: win10, scenario: reboot, requirement", 13, "matches no cell"),
        ("requirement: advisory", "requirement: advised", 13, "found 'advised'. Did you mean 'advisory'?"),
        ("requirement: advisory", "axes: {locale: de}, requirement: advisory", 13, "there is no such axis"),
        ("reason: out of support", "reason: old", 13, "expected at least 5 characters, found 'old'"),
        ("substrates: [wine]", "substrates: [vine]", 15, "found 'vine'. Did you mean 'wine'?"),
        ("substrates: [wine]", "substrates: [wine], images: [win12]", 15, "no image matches 'win12'"),
        ("substrates: [wine]", "substrates: [wine], images: [win10], scenarios: [reboot]", 15, "no cell"),
        ("include:", "exclude: [{image: '*'}]\ninclude:", 0, ""),
        ("include:", "exclude: [{image: 'win12*'}]\ninclude:", 10, "this rule matches no cell"),
        ("pools:", "suites: {full: {title: T, cells: ['*']}}\npools:", 14, "cannot be narrowed"),
        ("pools:", "suites: {A b: {title: T, cells: ['*']}}\npools:", 14, "cannot be the name of a suite"),
        ("pools:", "suites: {s: {title: T, cells: [win10/frsh]}}\npools:", 14, "Did you mean 'win10/fresh'?"),
        ("pools:", "suites: {s: {title: T, cells: []}}\npools:", 14, "at least 1"),
    ],
)
def test_a_broken_matrix_is_one_sentence_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in GOOD
    file = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_matrix(file)
    if line:
        assert caught.value.line == line, str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_matrix_that_expands_to_nothing_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("include:\n  - {image: win11, scenario: reboot}", "exclude: [{image: '*'}]")
    with pytest.raises(ConfigurationError, match="expands to no cell"):
        load_matrix(written(tmp_path, text))


def test_a_missing_matrix_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--matrix"):
        find_matrix([tmp_path])
