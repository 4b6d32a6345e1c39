"""One Wine prefix for all tests of the probe, copied from the Wine provider's template."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from harness.machines.wine.clone import copy_tree
from harness.machines.wine.installation import WineInstallation, find_wine
from harness.machines.wine.template import ensure_template
from harness.probe.build import probe_exe
from harness.probe.reading import Shape, read_answer
from harness.state import StateDirectory


def windows_path(path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\")


@dataclass(frozen=True)
class Probe:
    """The probe in a Wine prefix, called as the WinRM server calls it."""

    exe: Path
    wine: WineInstallation
    environment: dict[str, str]
    home: Path

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Uses files and no pipes: what is started under Wine and lives on would hold a pipe open."""
        argv = [str(self.wine.loader), str(self.exe), *arguments]
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            done = subprocess.run(
                argv,
                env=self.environment,
                cwd=self.home,
                stdin=given,
                stdout=out,
                stderr=err,
                timeout=120,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(argv, done.returncode, out.read(), err.read())

    def ask(self, shape: type[Shape], command: str, *arguments: str, stdin: bytes = b"") -> Shape:
        return read_answer(command, shape, self.run(command, *arguments, stdin=stdin).stdout)


@pytest.fixture(scope="session")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    state, wine = StateDirectory.default(), find_wine()
    home = tmp_path_factory.mktemp("probe")
    prefix = home / "prefix"
    copy_tree(ensure_template(state, wine, lambda _: None).prefix, prefix)
    (prefix / "dosdevices").mkdir(exist_ok=True)
    for drive, place in (("c:", "../drive_c"), ("z:", "/")):
        if not (prefix / "dosdevices" / drive).is_symlink():
            (prefix / "dosdevices" / drive).symlink_to(place)
    environment = wine.environment(prefix, home)
    _server(wine, environment, "-p")
    try:
        yield Probe(probe_exe(state), wine, environment, home)
    finally:
        _server(wine, environment, "-k")
        _server(wine, environment, "-w")


def _server(wine: WineInstallation, environment: dict[str, str], option: str) -> None:
    subprocess.run(
        [str(wine.server), option],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
