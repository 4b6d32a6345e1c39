"""The sham run: a cell's steps on a sibling machine without the candidate, whose changes are the system's own noise.

Once per image and list of steps, and then from the state directory: it costs one machine, and no cell waits twice.
"""

import secrets
import time
import uuid
from collections.abc import Sequence
from itertools import pairwise

from harness.cell.session import CellSession
from harness.file_lock import held
from harness.guest.guest import Guest
from harness.guest.system_tools import CMD, MSIEXEC, PING, SC
from harness.lifecycle.dirt.code_page import LOCALE as SPOKEN
from harness.lifecycle.stimulus import possible_stimuli
from harness.machines.capabilities import HasOverlay, SpeaksLocales
from harness.machines.provider import Machine
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.model.plan import Cell
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.model.steps import dirt_at
from harness.residue.noise import Noise, cached, keep
from harness.residue.witness import difference, look_at
from harness.state import StateDirectory

INSTALLER = "installer"
"""Windows Installer at work, on a product that is not there (error 1605)."""
NARROW = "service of 32 bits"
"""The first one that is started: Wine writes what it has of fonts into the 32-bit programs' own view then."""
INTERFACES = "interfaces"
"""What ordinary programs use of the system: certificate stores, WinINet, signatures, keys. It writes of its own then."""
STIMULUS = "stimulus "
"""One of the stimuli given and taken back: Wine's Task Scheduler, once it was spoken to, is set to start at boot."""
REBOOT = "reboot"
LOCALE = f"locale {SPOKEN}"
"""Another locale from the next boot on: whatever starts first then writes what goes with it."""
CONSOLE = "console of a service"
"""A service that starts a console program: Wine writes how consoles look into the registry for the first one."""
NARROW_PROGRAM = "C:\\Windows\\SysWOW64\\msiexec.exe"
SERVICE = "BvtSham"
INSTALLER_S = 60.0
OTHERS_S = 3600.0
"""How long other cells' sham runs may take together: each has deadlines for all that it does."""
HOLD_MS = "100"


class Sham:
    """The noise of one cell's machine."""

    def __init__(self, session: CellSession) -> None:
        self._session = session

    def noise(self) -> Noise:
        """What an earlier sham run saw, or this one sees. Raises `InfrastructureError` if there can be none."""
        digest, steps = self._session.machine.image.digest, self._steps()
        folder = StateDirectory.default().part("sham")
        if (known := cached(folder, digest, steps)) is not None:
            return known
        with (
            self._session.recorder.stopwatch.waiting(),
            held(folder / "lock", "makes the sham run of a machine", Deadline.after(OTHERS_S)),
        ):
            if (known := cached(folder, digest, steps)) is None:
                known = self._run(digest, steps)
                keep(folder, known)
        return known

    def _steps(self) -> tuple[str, ...]:
        """What is done to the cell's machine that a system reacts to, the candidate apart."""
        stimuli = possible_stimuli(self._session) if Phase.FUNCTIONS in self._session.cell.phases else []
        given = [f"{STIMULUS}{name}" for name in stimuli]
        locale = [LOCALE] if "code-page" in dirt_at(self._session.cell.steps, Phase.MACHINE) else []
        return (
            *locale,
            INSTALLER,
            NARROW,
            CONSOLE,
            INTERFACES,
            *given,
            *([REBOOT] if reboots(self._session.cell, self._session.profile) else []),
            INSTALLER,
        )

    def _run(self, image_digest: str, steps: Sequence[str]) -> Noise:
        """Whatever differs between any two looks: a value that is changed and changed back is noise as well."""
        with self._session.sibling("sham") as (machine, guest):
            overlay = machine.overlay() if isinstance(machine, HasOverlay) else None
            if overlay is None:
                raise InfrastructureError("The sham run's machine has no overlay, and the cell's has one.")
            looks = [look_at(guest, overlay, first=True)]
            processes = running(guest)
            for step in steps:
                self._do(machine, guest, step)
                if (
                    not step.startswith(STIMULUS)
                    or step == [each for each in steps if each.startswith(STIMULUS)][-1]
                ):
                    looks.append(look_at(guest, overlay, first=True))
                    processes |= running(guest)
        found = [change for before, after in pairwise(looks) for change in difference(before, after)]
        return Noise(
            image_digest=image_digest,
            steps=tuple(steps),
            made_s=time.time(),
            changes=tuple({*found, *difference(looks[0], looks[-1])}),
            processes=processes,
        )

    def _do(self, machine: Machine, guest: Guest, step: str) -> None:
        if step == LOCALE and isinstance(machine, SpeaksLocales):
            machine.set_locale(SPOKEN)
        if step in (REBOOT, LOCALE):
            guest.reboot(self._session.within(self._session.profile.reboot_deadline_s))
        elif step == INTERFACES:
            guest.probe("use-interfaces")
        elif step == NARROW:
            # Windows Installer's own service; a Wine may have no 32-bit programs.
            if guest.files(NARROW_PROGRAM)[0].exists:
                _run_service(guest, f"{NARROW_PROGRAM} /V")
        elif step == CONSOLE:
            _run_service(guest, f"{CMD} /c {PING} -n 1 127.0.0.1")
        elif step.startswith(STIMULUS):
            name, nonce = step.removeprefix(STIMULUS), f"bvt{secrets.token_hex(6)}"
            guest.probe("stimulate", name, "--nonce", nonce, "--hold-ms", HOLD_MS)
            guest.probe("unstimulate", name, "--nonce", nonce, repeatable=True)
        else:
            guest.run([MSIEXEC, "/x", f"{{{uuid.uuid4()}}}".upper(), "/qn"], timeout_s=INSTALLER_S)


def reboots(cell: Cell, profile: AgentProfile) -> bool:
    """Whether a cell's machine boots anew before the last look at it, so that the sham run's does too. Pure.

    Also where the profile declares that the installation or the uninstall asks for it.
    """
    return (
        Phase.REBOOT in cell.phases
        or bool(profile.installer.reboot_after)
        or any(step.action is Phase.POWER_CUT for step in cell.steps)
    )


def _run_service(guest: Guest, line: str) -> None:
    """Start this command line as a service for once, whatever comes of it."""
    made = ["create", SERVICE, "binPath=", line, "start=", "demand"]
    for command in (made, *([verb, SERVICE] for verb in ("start", "stop", "delete"))):
        guest.run([SC, *command], timeout_s=INSTALLER_S)


def running(guest: Guest) -> frozenset[str]:
    """The programs of all processes, in lower case. Raises what the guest layer raises."""
    return frozenset(process.path.lower() for process in guest.processes() if process.path)
