"""What the lab asks of a guest agent, answered by QEMU's own, which runs here and may change nothing."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

import libvirt
import libvirt_qemu
import pytest

from harness.machines.libvirt.clone.personal import Person, personalise
from harness.machines.libvirt.host.qmp import agent, agent_alive, run_in_guest, write_file
from harness.machines.libvirt.observe.guest_files import CHUNK, read_tail
from harness.model.deadline import Deadline
from tests.programs import bounded
from tests.unit.libvirt.test_lab_windows_guest import MANIFEST, WIN11, Domain

PROGRAM = shutil.which("qemu-ga", path=f"{os.environ['PATH']}:/usr/sbin")
NOBODY = (
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--bounding-set=-all",
    "--no-new-privs",
)


class QemuGa:
    """The agent's socket, in place of the way that libvirt would take.

    `patient`: what it refuses is noted down in `refused`, and goes on as if it had been done.
    """

    def __init__(self, path: Path) -> None:
        self.place = path.parent
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        self._answers = self._socket.makefile()
        self.patient = False
        self.refused: dict[str, str] = {}

    def __call__(self, _domain: object, request: str, _timeout_s: int, _flags: int) -> str:
        self._socket.sendall(request.encode() + b"\n")
        answer = self._answers.readline()
        error = json.loads(answer).get("error")
        if error is None:
            return answer
        self.refused[json.loads(request)["execute"]] = f"{error['class']}: {error['desc']}"
        if self.patient:
            return '{"return": {}}'
        raise libvirt.libvirtError(error["desc"])

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def qemu_ga(monkeypatch: pytest.MonkeyPatch) -> Iterator[QemuGa]:
    """One that runs as nobody: it can neither set a clock nor a password."""
    if PROGRAM is None:
        pytest.fail("qemu-ga is missing: Debian's qemu-guest-agent has it (packages.txt).")
    place = Path(mkdtemp(prefix="bvt-qga-"))  # not pytest's own, which nobody else may enter
    place.chmod(0o777)
    path = place / "agent"
    as_nobody = NOBODY if os.geteuid() == 0 else ()
    argv = [*as_nobody, PROGRAM, "--method=unix-listen", f"--path={path}", f"--statedir={place}"]
    silent = subprocess.DEVNULL
    try:
        with bounded(subprocess.Popen(argv, stdout=silent, stderr=silent)) as started:
            Deadline.after(20).poll(path.exists, "the agent's socket", interval_s=0.02)
            talking = QemuGa(path)
            monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", talking)
            yield talking
            talking.close()
            started.kill()
    finally:
        shutil.rmtree(place, ignore_errors=True)


DOMAIN = cast(libvirt.virDomain, Domain())
UNKNOWN = ("Parameter", "CommandNotFound", "Invalid parameter")
"""How it speaks of a question that is none of its own."""


def test_programs_run_and_files_are_written(qemu_ga: QemuGa) -> None:
    assert agent_alive(DOMAIN)
    soon = Deadline.after(20)
    line = 'printf "$WORD"; printf err >&2; exit 7'
    ended = run_in_guest(DOMAIN, "/bin/sh", "-c", line, deadline=soon, environment=["WORD=ä b"])
    assert (ended.exit_code, ended.output, ended.errors) == (7, "ä b", "err")
    written = qemu_ga.place / "written"
    write_file(DOMAIN, str(written), b"\0\xff and more")
    assert written.read_bytes() == b"\0\xff and more"
    assert qemu_ga.refused == {}


def test_the_end_of_a_long_file_is_read_in_pieces(qemu_ga: QemuGa) -> None:
    """As the second channel reads a Windows guest's logs; only the path's form is Windows' own."""
    log = qemu_ga.place / "agent.log"
    log.write_bytes(bytes(range(256)) * 5000)  # more than two answers
    limit = 2 * CHUNK + 7
    assert read_tail(DOMAIN, str(log), limit, Deadline.after(60)) == log.read_bytes()[-limit:]
    assert read_tail(DOMAIN, str(log), 1 << 30, Deadline.after(60)) == log.read_bytes()
    with pytest.raises(libvirt.libvirtError, match="No such file"):
        read_tail(DOMAIN, str(qemu_ga.place / "none"), 10, Deadline.after(20))
    assert set(qemu_ga.refused) == {"guest-file-open"}


def test_a_clones_clock_and_password_are_asked_for_in_the_agents_own_words(qemu_ga: QemuGa) -> None:
    qemu_ga.patient = True
    personalise(DOMAIN, MANIFEST, WIN11, Person.new("bvt-0123456789"))
    assert set(qemu_ga.refused) == {"guest-set-time", "guest-set-user-password"}
    assert not [said for said in qemu_ga.refused.values() if any(word in said for word in UNKNOWN)]


def test_a_question_that_is_not_the_agents_is_known_as_one(qemu_ga: QemuGa) -> None:
    qemu_ga.patient = True
    agent(DOMAIN, "guest-set-time", seconds=1)
    agent(DOMAIN, "guest-set-everything")
    assert all(any(word in said for word in UNKNOWN) for said in qemu_ga.refused.values())
    assert len(qemu_ga.refused) == 2
