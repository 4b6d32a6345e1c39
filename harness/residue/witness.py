r"""The whole machine at one moment, and what differs between two: every file of C:, every key of HKLM and HKU.

Read from outside: the files from the machine's overlay, the registry from what the system itself saves. Wine's server
writes its own files every thirty seconds and at its end, and has no way to be asked for it (`RegFlushKey` does nothing
there, server/registry.c); so the probe saves both roots into a folder of the harness's own (`RegSaveKey`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from harness.guest.guest import Guest
from harness.machines.capabilities import Overlay
from harness.probe.answers.registry import SavedHives
from harness.probe.reading import read_value
from harness.residue import hive_text, overlay_tree
from harness.residue.change import Change
from harness.residue.overlay_tree import Tree, read_tree

FOLDER = "C:\\bvt-hives"
"""Where the guest saves its registry to be read. The harness's own, as `C:\\bvt` is."""
SAVE = ("save-hives", FOLDER)
"""The question that saves the registry; it may stand among others."""
ROOTS = {"machine.reg": "HKLM", "users.reg": "HKU"}

ALIASES = {
    "HKLM\\System\\ControlSet001": "HKLM\\System\\CurrentControlSet",
    "HKU\\S-1-5-21-0-0-0-1000": "HKCU",
}
"""Where keys are stored → as programs and profiles name them."""


@dataclass(frozen=True)
class Look:
    """The machine at one moment."""

    files: Tree
    hives: dict[str, bytes]

    def overlaid(self, names: Collection[str]) -> frozenset[str]:
        """Those files and folders, in lower case, that the overlay held already."""
        held = (path for path, stamp in self.files.held.items() if not stamp.whiteout)
        return frozenset(f"c:\\{path.replace('/', chr(92))}".lower() for path in held) & frozenset(names)


def look_at(guest: Guest, overlay: Overlay, *, first: bool = False) -> Look:
    """The machine now. `first`: later looks will be compared with this one.

    Raises what the guest layer raises, and `OSError`.
    """
    read_value(SAVE[0], SavedHives, guest.probe(*SAVE, repeatable=True))
    return look_from_outside(overlay, first=first)


def look_from_outside(overlay: Overlay, *, first: bool = False) -> Look:
    """The machine now, its registry as it was saved last. Raises `OSError`."""
    upper, lower = overlay.upper / overlay.drive_c, overlay.lower / overlay.drive_c
    saved = upper / FOLDER.removeprefix("C:\\")
    hives = {root: (saved / name).read_bytes() for name, root in ROOTS.items()}
    return Look(read_tree(upper, lower, with_digests=first), hives)


def difference(before: Look, after: Look) -> list[Change]:
    """Everything that was added, removed or changed, the harness's own folder aside. Raises `OSError`, `ValueError`."""
    files = overlay_tree.difference(before.files, after.files)
    own = FOLDER.lower()
    found = [change for change in files if not (change.name + "\\").startswith(own + "\\")]
    for root in ROOTS.values():
        keys = hive_text.difference(before.hives[root], after.hives[root], root)
        found += [change.model_copy(update={"path": as_programs_say(change.path)}) for change in keys]
    return found


def as_programs_say(path: str) -> str:
    """A key by the name that programs and profiles use. Pure."""
    for stored, said in ALIASES.items():
        if (path + "\\").lower().startswith(stored.lower() + "\\"):
            return said + path[len(stored) :]
    return path
