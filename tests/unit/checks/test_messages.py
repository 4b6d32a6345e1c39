"""Every assertion of every check says what was expected and what was found."""

import ast
from pathlib import Path

import harness.checks

WORDED = {"mismatch", "_left", "_after"}
MODULES = sorted(Path(harness.checks.__file__).parent.glob("*.py"))


def test_every_assertion_of_a_check_is_worded_alike() -> None:
    unworded = [
        f"{path.name}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert) and not _is_worded(node)
    ]
    assert not unworded


def _is_worded(node: ast.Assert) -> bool:
    if node.msg is None:  # for mypy: what cannot be
        return ast.unparse(node.test).endswith("is not None")
    return isinstance(node.msg, ast.Call) and ast.unparse(node.msg.func) in WORDED
