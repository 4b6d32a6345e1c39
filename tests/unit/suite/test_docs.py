"""What the documents name is there: links, commands with their options, files to change, rooms in their order."""

import re
import shlex
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from harness.cli.main import application

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    Path(name)
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
AT_THE_TOP = {
    *("README.md", "CHANGELOG.md", "dev", "packages.txt", "pyproject.toml", "matrix.yaml"),
    *(
        "requirements.lock",
        "requirements-build.lock",
        "requirements-gate.lock",
        ".gitignore",
        ".ci",
        ".github",
    ),
    *("harness", "vm_images", "tests", "reports", "agents", "bench", "docs", "examples"),
}
"""What a stranger finds first. What a program once left there, and somebody committed, is not part of it."""
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()


def test_nothing_stands_at_the_top_that_is_no_part_of_the_project() -> None:
    command = ["git", "ls-tree", "--name-only", "HEAD"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert set(listed.splitlines()) <= AT_THE_TOP


def outside_fences(page: Path) -> str:
    return FENCED.sub("", (ROOT / page).read_text())


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub turns them into anchors."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", outside_fences(page)):
        if re.match("[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (ROOT / page).parent / file if file else ROOT / page
        assert place.exists(), target
        assert not anchor or place.suffix != ".md" or anchor in anchors(place), target


def commands(page: Path) -> Iterator[list[str]]:
    """The words after `bvt` wherever code calls it, up to what belongs to the shell."""
    text = (ROOT / page).read_text()
    lines = re.findall(r"`([^`\n]+)`", text)
    for block in FENCED.findall(text):
        lines += re.sub(r"(^| )# .*", "", block.replace("\\\n", " "), flags=re.MULTILINE).splitlines()
    for line in lines:
        called = re.search(r"(?:^|[\s;$(])bvt ([a-z].*)", re.split(r" [|&;>#]|; |…,", line)[0])
        if called is not None:
            yield called[1].replace("\\|", " ").split()


def test_every_command_is_one_and_has_these_options() -> None:
    whole = typer.main.get_command(application([]))
    seen = 0
    for page in PAGES:
        for words in commands(page):
            command = whole
            while isinstance(command, TyperGroup) and words:
                named = re.split(r"[|/,]", words.pop(0).rstrip(",.;:)"))
                assert set(named) - {""} <= command.commands.keys(), f"{page}: bvt … {named}"
                command = command.commands[named[0]]
            options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            given = {shlex.quote(word.strip("[](),.;:").partition("=")[0]) for word in words}
            unknown = {word for word in given if re.match("--?[a-zA-Z]", word)} - options - {"--help"}
            assert not unknown, f"{page}: bvt {command.name} {unknown}"
            seen += 1
    assert seen > 250


def test_the_files_that_the_architecture_names_are_there() -> None:
    defects = ROOT / "tests/integration/known_bad"
    beside = [ROOT, ROOT / "docs", ROOT / "harness", *(ROOT / "harness").rglob("*/"), defects]
    named = [
        each
        for each in re.findall(r"`([\w./-]+)`", ARCHITECTURE)
        if re.search(r"\.(py|md|yaml)$|/$", each) and not re.match(r"work/|plan|test_\*", each)
    ]
    assert len(named) > 60
    assert [each for each in named if not any((place / each).exists() for place in beside)] == []


def test_the_table_of_rooms_stands_in_the_order_of_the_floors() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = [floor.split(" | ") for floor in contracts[0]["layers"]]
    place = {room.removeprefix("harness."): number for number, floor in enumerate(floors) for room in floor}
    rooms = re.findall(r"^\|[^|]*\| `harness/([\w.]+?)(?:\.py|/)`", ARCHITECTURE, re.MULTILINE)
    assert [place[room] for room in rooms] == sorted(place[room] for room in rooms)
    packages = {path.parent.name for path in (ROOT / "harness").glob("*/__init__.py")}
    assert set(rooms) >= packages


def test_nothing_stands_twice_in_the_changelog() -> None:
    """Merging branches that both wrote at its top doubles lines, or leaves both wordings of one."""
    lines = re.findall(r"^- (.{60})", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert len(lines) > 150
    assert [each for each, times in Counter(lines).items() if times > 1] == []
