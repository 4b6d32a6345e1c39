"""No test waits without a deadline of its own: it fails where it waits, and says for what."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
RUNS = {"run", "call", "check_call", "check_output"}
WAITS = {"wait", "join", "result", "communicate"}
ENDED_ELSEWHERE = {
    "e2e/running.py": "Lab.end",
    "e2e/terminal.py": "Terminal.__exit__",
    "integration/lab/rig.py": "Rig.close",
    "integration/third_party/osqueryd.py": "running",
    "under_load.py": "run_tests",
    "unit/winrmd/test_winrmd_process_tree.py": "Start.end",
}
"""Files whose programs live longer than a block, and what kills them."""


def unbounded(source: str) -> list[str]:
    """Calls that may last for ever."""
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    bounded = [argument for call in calls if name_of(call) == "bounded" for argument in call.args]
    names = {argument.id for argument in bounded if isinstance(argument, ast.Name)}
    named = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in names
    ]
    cared_for = {id(program) for program in [*bounded, *named]}
    return [f"{call.lineno}: {ast.unparse(call)[:80]}" for call in calls if is_unbounded(call, cared_for)]


def is_unbounded(call: ast.Call, cared_for: set[int]) -> bool:
    name, given = name_of(call), {keyword.arg for keyword in call.keywords}
    if name in RUNS and owner_of(call) == "subprocess":
        return "timeout" not in given
    if name == "Popen":
        return id(call) not in cared_for
    # A string's join and a library's wait take an argument; a deadline is one, too.
    return name in WAITS and not call.args and not given & {"timeout", "timeout_s", "within_s"}


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def owner_of(call: ast.Call) -> str:
    return getattr(getattr(call.func, "value", None), "id", "")


def sources() -> Iterator[Path]:
    return TESTS.rglob("*.py")


def test_every_wait_of_the_tests_has_a_deadline() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{call}"
        for path in sources()
        for call in unbounded(path.read_text())
        if not ("Popen(" in call and path.relative_to(TESTS).as_posix() in ENDED_ELSEWHERE)
    ]
    assert found == [], "give timeout=…, or start the program with: with bounded(subprocess.Popen(…)) as …"


def test_what_ends_programs_elsewhere_is_there() -> None:
    for name, what in ENDED_ELSEWHERE.items():
        source = (TESTS / name).read_text()
        assert all(part in source for part in what.split(".")), (name, what)
        assert "kill" in source


@pytest.mark.parametrize(
    "line",
    [
        "subprocess.run(['true'], check=True)",
        "subprocess.check_output(['true'])",
        "subprocess.Popen(['true'])",
        "with subprocess.Popen(['true']) as program: pass",
        "thread.join()",
        "process.wait()",
        "process.communicate()",
        "future.result()",
    ],
)
def test_a_wait_without_one_is_found(line: str) -> None:
    assert len(unbounded(line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "subprocess.run(['true'], timeout=60)",
        "with bounded(subprocess.Popen(['true'])) as program: program.wait(60)",
        "program = subprocess.Popen(['true'])\nwith bounded(program): pass",
        "','.join(words)",
        "future.result(timeout=60)",
        "application.run()",
    ],
)
def test_a_wait_with_one_is_not(line: str) -> None:
    assert unbounded(line) == []
