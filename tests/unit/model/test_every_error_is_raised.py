"""Every error class is raised by a test: one that nobody has seen raised may not be raisable."""

import ast
import importlib
import pkgutil
from pathlib import Path

import harness
from harness.model.errors import EvidenceError, HarnessError

TESTS = Path(__file__).parents[2]
ABSTRACT = {HarnessError, EvidenceError}
"""Never raised itself: it is what callers catch."""


def every_error() -> set[type[HarnessError]]:
    for module in pkgutil.walk_packages(harness.__path__, "harness."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, left = set(), [HarnessError]
    while left:
        kind = left.pop()
        found.add(kind)
        left += kind.__subclasses__()
    return {kind for kind in found if kind.__module__.startswith("harness.")}


def expected_in_tests() -> set[str]:
    """Names in `pytest.raises(…)` of any test."""
    names: set[str] = set()
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("raises") and node.args:
                first = node.args[0]
                kinds = first.elts if isinstance(first, ast.Tuple) else [first]
                names |= {ast.unparse(kind).rpartition(".")[2] for kind in kinds}
    return names


def test_every_error_class_is_raised_by_a_test() -> None:
    expected = expected_in_tests()
    missing = sorted(kind.__qualname__ for kind in every_error() - ABSTRACT if kind.__name__ not in expected)
    assert not missing, f"no test raises {', '.join(missing)}"
