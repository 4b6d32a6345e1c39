"""What only some machines or providers offer, a protocol each.

Whoever needs one asks `isinstance`, and does without it where it is not offered. Two more stand beside their subject:
`HasDisused` (`disused.py`), `MayWait` (`room.py`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import Field

from harness.machines.provider import KeptMachine
from harness.model.base import Frozen
from harness.model.deadline import Deadline
from harness.model.machine import HostPort, MachineSpec
from harness.model.report import Evidence


@runtime_checkable
class MakesAhead(Protocol):
    """What a provider also offers if it can have machines ready before they are asked for."""

    def expect(self, specs: Sequence[MachineSpec]) -> None:
        """Machines that may be asked for next, the likeliest first; what was expected before no longer counts.

        No more are made than are expected, none that a host has no room for, and only once a machine was made that
        is needed now. Those that are not expected any more are removed. Never raises, and does not wait.
        """
        ...


@runtime_checkable
class HasOneImage(Protocol):
    """What a provider also offers if all its machines are of one image, whatever Windows they show."""

    def only_image(self) -> str:
        """The name that a pool's `base_image` has to have."""
        ...


@runtime_checkable
class HasCapsule(Protocol):
    """What a machine also offers if its disk and RAM can be put away instead of kept running."""

    def put_away(self) -> KeptMachine:
        """End it and keep what it was, to be reopened; `destroy` is not called after this.

        Raises `InfrastructureError`; it runs on then if its state could not be written.
        """
        ...


@runtime_checkable
class ReopensCapsules(Protocol):
    """What a provider also offers if a machine that was put away can go on."""

    def reopen_capsule(self, directory: Path) -> KeptMachine:
        """A kept machine that goes on where the capsule was made; the capsule stays as it is.

        One that runs already is returned. Raises `ConfigurationError` for a capsule that is damaged or was made on
        another kind of host, `InfrastructureError`.
        """
        ...


@runtime_checkable
class TellsHangs(Protocol):
    """What a machine also offers if it can tell from outside that its guest hangs."""

    def hang(self) -> str:
        """Watch a running guest that answers nobody: why it hangs, in words, or empty if that is not proven.

        An overloaded host must not look like it. Takes as long as the proof does, within a limit. Never raises.
        """
        ...


class StoppedDisk(Frozen):
    """A machine's disk, to be read without starting it."""

    path: Path
    drive_c: str = Field(default="", description="folder that is drive C:; empty on a Windows disk")


@runtime_checkable
class HasDisk(Protocol):
    """What a machine also offers if it has a disk image."""

    def disk(self) -> StoppedDisk:
        """Its own overlay; what is beneath is found from there."""
        ...


@runtime_checkable
class HasSecondChannel(Protocol):
    """What a machine also offers if its files can be read without its network."""

    def save_guest_files(self, paths: Sequence[str], into: Path) -> Sequence[Evidence]:
        """Save what of these guest paths can be had into `into`; the result's paths are relative to it. Never raises."""
        ...


@runtime_checkable
class CutsPower(Protocol):
    """What a machine also offers if its power can be cut."""

    def cut_power(self, deadline: Deadline) -> None:
        """End all that runs in it at once, without a shutdown, and boot it again. Returns once that has begun.

        Raises `MachineLost`.
        """
        ...


@runtime_checkable
class SpeaksLocales(Protocol):
    """What a machine also offers if its system's locale is set from outside."""

    def set_locale(self, locale: str) -> None:
        """From its next boot on, e.g. `ja-JP`; the time zone is that of the country, if the machine has another."""
        ...


@runtime_checkable
class HasNeighbour(Protocol):
    """What a machine also offers if another host stands in its network, which an isolated one must not reach."""

    def neighbour(self) -> HostPort | None:
        """Where it answers, seen from inside; None where nothing in this machine could filter packets."""
        ...

    def contacts(self) -> Sequence[float]:
        """When it was reached, by its own word, in seconds since the epoch."""
        ...

    def heard(self) -> str:
        """What was said to it since, one connection's words after another's."""
        ...


@runtime_checkable
class SeesCalls(Protocol):
    """What a machine also offers if it sees whom its programs call, however short that is."""

    def called(self) -> Sequence[str]:
        """Each place once, as `ADDRESS:PORT`, whoever called it; the machine itself is none. Never raises."""
        ...


@runtime_checkable
class SeesCrashes(Protocol):
    """What a machine also offers if it is told of each program of its guest that crashes."""

    def crashed(self) -> Sequence[str]:
        """Their paths in the guest, one for each time; the system's own are not among them. Never raises."""
        ...


class StartedProgram(Frozen):
    """One program that was started in a machine. `at_s`: seconds by a clock that only goes on, for differences."""

    pid: int
    parent: int
    command_line: str
    at_s: float


@runtime_checkable
class TellsStarts(Protocol):
    """What a machine also offers if it knows each program that was started in its guest, however short it lived."""

    def started(self) -> Sequence[StartedProgram]:
        """Those that services started, and all that these did, in their order. Never raises."""
        ...


class Overlay(Frozen):
    """What a machine wrote, file by file, over the template that it is a clone of."""

    upper: Path
    lower: Path
    drive_c: str = Field(description="folder that is drive C:, in both of them")


@runtime_checkable
class HasOverlay(Protocol):
    """What a machine also offers if what it changed can be read from outside while it runs."""

    def overlay(self) -> Overlay | None:
        """Its overlay; None where this host makes clones in another way."""
        ...


class ThreadUse(Frozen):
    """What one thread did since its start."""

    ran_s: float
    waited_s: float = Field(description="for a processor")
    rests: int = Field(description="how often it waited for anything else")
    lived_s: float


class ProcessorUse(Frozen):
    """What one program of a machine asks of its processors, as its host counts."""

    command_line: str
    percent: float = Field(description="of one processor, on the average since its start")
    written_bytes: int = Field(default=0, description="to files, pipes and sockets, since its start")
    lived_s: float = 0.0
    committed_bytes: int | None = Field(
        default=None, description="memory that it may write to and shares with nobody, touched or not"
    )
    threads: Mapping[int, ThreadUse] = Field(
        default_factory=dict, description="those that live, by their number"
    )


@runtime_checkable
class TellsProcessorUse(Protocol):
    """What a machine also offers if its host sees each program of its guest."""

    def processor_use(self) -> Sequence[ProcessorUse]:
        """Every program that runs in it."""
        ...


class View(Frozen):
    """Where a machine can be looked at."""

    screen: HostPort | None = Field(description="VNC address; None: the machine has no screen")
    serial: Path = Field(description="file with what its serial console has shown, on the machine's host")
    host: str


@runtime_checkable
class Viewable(Protocol):
    """What a provider also offers if its machines have a screen. Machines are named by their id."""

    def view(self, machine_id: str) -> View:
        """Where to look. Raises `InfrastructureError` if the machine or its host is gone."""
        ...

    def screenshot(self, machine_id: str) -> bytes:
        """The screen as PNG. Raises `InfrastructureError` if it cannot be had."""
        ...
