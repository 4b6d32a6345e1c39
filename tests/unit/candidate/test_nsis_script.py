"""What the script of a set-up program says, however NSIS packed it."""

import subprocess
from pathlib import Path

import pytest

from harness.candidate.nsis_script import nsis_lines

SCRIPT = """\
Unicode {unicode}
SetCompressor {compressor}
Name x
OutFile x.exe
SilentInstall silent
Section
  SetOutPath "$INSTDIR"
  File x.nsi
  ExecWait '"$SYSDIR\\fltmc.exe" load acme' $0
  IntCmp $0 0 +2
  Abort
SectionEnd
"""


def built(folder: Path, compressor: str, unicode: str) -> Path:
    (folder / "x.nsi").write_text(SCRIPT.format(compressor=compressor, unicode=unicode))
    subprocess.run(["makensis", "-V1", "x.nsi"], cwd=folder, check=True, timeout=60)
    return folder / "x.exe"


@pytest.mark.parametrize("unicode", ["true", "false"])
@pytest.mark.parametrize("compressor", ["zlib", "/SOLID zlib", "lzma", "/SOLID lzma"])
def test_its_command_lines_are_read(compressor: str, unicode: str, tmp_path: Path) -> None:
    lines = nsis_lines(built(tmp_path, compressor, unicode))
    assert '"[x]\\fltmc.exe" load acme' in lines, lines


def test_of_bzip2_nothing_is_known(tmp_path: Path) -> None:
    assert not any("fltmc" in line for line in nsis_lines(built(tmp_path, "bzip2", "true")))


@pytest.mark.parametrize(
    "content", [b"", b"MZ", b"NullsoftInst", b"NullsoftInst" + b"\xff" * 40, b"NullsoftInst\x10\0\0\0"]
)
def test_what_is_none_or_cut_short_says_nothing(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.exe"
    file.write_bytes(content)
    assert nsis_lines(file) == ()
