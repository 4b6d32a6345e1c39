"""What a Wine machine leaves as evidence: copied from the host's side, whatever state the machine is in."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.machines.wine.order import Berth
from harness.model.report import Evidence


def collect_evidence(berth: Berth, into: Path) -> Sequence[Evidence]:
    """Copies into this folder, made if need be. What cannot be had is left out; raises nothing."""
    found: list[Evidence] = []
    places = berth.places
    base = places.upper if berth.overlay else places.prefix
    wanted = {
        "winrm.log": (places.logs / "winrm.log", "log of the WinRM server"),
        "init.log": (places.logs / "init.log", "log of the machine's init, and output of Wine"),
        "status.json": (places.status, "the init's last word"),
        "system.reg": (base / "system.reg", "HKEY_LOCAL_MACHINE as last saved"),
        "user.reg": (base / "user.reg", "HKEY_CURRENT_USER as last saved"),
    }
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError:
        return found
    for name, (source, what) in wanted.items():
        try:
            shutil.copyfile(source, into / name)
            found.append(_evidence(into, name, what))
        except OSError:
            continue  # a broken machine may lack any of them
    if berth.overlay:
        try:
            (into / "changed.txt").write_text("".join(f"{line}\n" for line in _changed(places.upper)))
            found.append(
                _evidence(into, "changed.txt", "every path that the overlay's upper directory holds")
            )
        except OSError:
            return found
    return found


def _changed(upper: Path) -> list[str]:
    return sorted(
        f"{path.relative_to(upper)}{'/' if path.is_dir() and not path.is_symlink() else ''}"
        for path in upper.rglob("*")
    )


def _evidence(into: Path, name: str, what: str) -> Evidence:
    data = (into / name).read_bytes()
    return Evidence(path=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), what=what)
