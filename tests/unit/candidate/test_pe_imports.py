"""Which libraries a program asks for, and which of them neither Windows nor its package has."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.reference_agent.compile import COMPILER
from harness.candidate.pe_imports import NOT_OF_WINDOWS, imports_of, lacking

SOURCE = "void _purecall(void); int main(int n, char **a) { (void)a; if (n > 9) _purecall(); return 0; }"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pe") / "agent.exe"
    command = [COMPILER, "-x", "c", "-", "-o", str(place), "-lvcruntime140_app"]
    subprocess.run(command, input=SOURCE.encode(), check=True, timeout=60)
    return place


def test_what_a_program_needs_is_of_windows_or_packed_or_lacking(program: Path) -> None:
    wanted = {name.lower() for name in imports_of(program)}
    (library,) = (name for name in wanted if name.startswith("vcruntime140"))
    assert "kernel32.dll" in wanted
    assert lacking(program, frozenset()) == (library,)
    assert lacking(program, frozenset({library})) == ()


OF_OTHERS = (
    "msvcp140.dll MSVCR120.dll vcruntime140_1.dll msvcp140_atomic_wait.dll ucrtbased.dll vcruntime140d.dll mfc140u.dll "
    "libgcc_s_seh-1.dll libstdc++-6.dll libwinpthread-1.dll python311.dll libcrypto-3-x64.dll Qt5Core.dll"
)
OF_WINDOWS = (
    "msvcrt.dll ucrtbase.dll msvcp_win.dll msvcp60.dll mfc42.dll atl.dll vcruntime140_clr0400.dll kernel32.dll "
    "api-ms-win-crt-runtime-l1-1-0.dll python.dll ws2_32.dll d3d9.dll"
)


@pytest.mark.parametrize("name", OF_OTHERS.split())
def test_what_comes_with_compilers_is_not_of_windows(name: str) -> None:
    assert NOT_OF_WINDOWS.fullmatch(name)


@pytest.mark.parametrize("name", OF_WINDOWS.split())
def test_what_comes_close_is_of_windows(name: str) -> None:
    assert not NOT_OF_WINDOWS.fullmatch(name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_a_damaged_program_is_read_or_not_and_breaks_nothing(
    program: Path, tmp_path: Path, places: list[tuple[float, bytes]]
) -> None:
    content = bytearray(program.read_bytes()[:0x8000])
    for where, what in places:
        at = int(where * 0x400)
        content[at : at + len(what)] = what
    damaged = tmp_path / "damaged.exe"
    damaged.write_bytes(content)
    assert all(isinstance(name, str) for name in imports_of(damaged))
