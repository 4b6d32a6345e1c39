"""No wait of the harness is without an end: what waits for a program, a lock or another thread says for how long."""

import ast
from collections.abc import Iterator
from pathlib import Path

import harness

ROOT = Path(harness.__file__).parent
TIMED = {"run": 1, "check_output": 1, "check_call": 1, "call": 1}
"""Functions of `subprocess`, which take `timeout=`."""
WITHOUT_END = {
    "machines/libvirt/host/supervisor.py": "the daemon's supervisor lives as long as the daemon",
    "winrmd/server.py": "a server lives until it is told to end",
    "winrmd/endpoint.py": "who brings credentials waits until they are known, as long as the server lives",
    "winrmd/launcher.py": "a command's own thread ends with the command, which its client or the shell's end ends",
    "cli/progress.py": "a thread of this process that has just been told to end",
    "backend/embedded/large.py": "a program of ours that was just killed",
    "machines/wine/inside.py": "the first process of a namespace: it ends with its parent, which has a deadline",
}


def unending(source: str) -> Iterator[str]:
    """Calls that wait, and say not for how long."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        of, name = ast.unparse(node.func.value), node.func.attr
        timed = any(keyword.arg in ("timeout", None) for keyword in node.keywords)
        if of == "subprocess" and name in TIMED and not timed:
            yield ast.unparse(node)
        if of == "fcntl" and name in ("flock", "lockf") and "LOCK_NB" not in ast.unparse(node):
            yield ast.unparse(node)
        if name in ("wait", "join", "communicate") and not node.args and not timed:
            yield ast.unparse(node)
        if name == "select" and of == "select" and len(node.args) == 3:
            yield ast.unparse(node)


def test_every_wait_has_an_end() -> None:
    found = {
        str(path.relative_to(ROOT)): waits
        for path in sorted(ROOT.rglob("*.py"))
        if (waits := list(unending(path.read_text())))
    }
    assert {name: waits for name, waits in found.items() if name not in WITHOUT_END} == {}
    assert WITHOUT_END.keys() <= found.keys()  # an exception that is none any more goes from the list


def test_what_waits_for_ever_is_found() -> None:
    for line in (
        "subprocess.run(['sleep', '1'], check=False)",
        "fcntl.flock(file, fcntl.LOCK_EX)",
        "process.wait()",
        "thread.join()",
        "process.communicate()",
        "select.select([pipe], [], [])",
    ):
        assert list(unending(line)) == [line]
    for line in ("process.wait(3)", "', '.join(words)", "subprocess.run(argv, timeout=3)"):
        assert not list(unending(line))
