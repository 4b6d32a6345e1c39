"""The scripts of the first boot are read by grammars that others wrote for their languages."""

from pathlib import Path

import pytest
import tree_sitter_c_sharp
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from harness.images.first_boot import first_boot_script
from harness.images.resting import PENDING_SCRIPT
from harness.machines.libvirt.clone.settle import WINDOWS_SCRIPT
from tests.unit.images.samples import ACCOUNT, BUILD_ID, NAMES, certificate, recipe

WINDOWS = Path(__file__).parents[3] / "vm_images" / "_windows"
POWERSHELL = Parser(Language(tree_sitter_powershell.language()))
C_SHARP = Parser(Language(tree_sitter_c_sharp.language()))


def mistakes(parser: Parser, text: str) -> list[str]:
    """What the grammar cannot read or misses, with its line."""
    found: list[str] = []
    left: list[Node] = [parser.parse(text.encode()).root_node]
    while left:
        node = left.pop()
        if node.is_error or node.is_missing:
            found.append(f"line {node.start_point[0] + 1}: {node.type}")
        elif node.has_error:
            left += node.children
    return found


def script(name: str) -> str:
    return first_boot_script(recipe(name), ACCOUNT, certificate(), BUILD_ID).decode("utf-8-sig")


@pytest.mark.parametrize("name", NAMES)
def test_the_first_boot_is_powershell(name: str) -> None:
    assert mistakes(POWERSHELL, script(name)) == []


@pytest.mark.parametrize("text", [WINDOWS_SCRIPT, PENDING_SCRIPT])
def test_what_the_guest_agent_is_asked_is_powershell(text: str) -> None:
    assert mistakes(POWERSHELL, text.replace("ROUNDS", "5")) == []
    assert mistakes(POWERSHELL, text.replace("(", "", 1))


def test_what_it_compiles_is_c_sharp() -> None:
    assert mistakes(C_SHARP, (WINDOWS / "forget-secret.cs").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("old", "new"), [("try {", "try "), ("if (", "if "), ("-Path", "-Path @{")])
def test_a_mistake_in_the_script_is_seen(old: str, new: str) -> None:
    text = script("win11-24h2")
    assert old in text
    assert mistakes(POWERSHELL, text.replace(old, new, 1))
