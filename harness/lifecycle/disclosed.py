"""What a disclosure of a secret is: the place, and what lies there. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.lifecycle.declared_secrets import declared_places
from harness.machines.capabilities import StartedProgram
from harness.model.image_path import program_of
from harness.model.profile import AgentProfile
from harness.probe.answers.processes import Process

ENROLMENT, NODE_KEY = "the enrolment secret", "a node key"
NAME_OF = "the name of "
"""Begins the place of a secret that is no file's content, but its name."""


class Where(StrEnum):
    """Kinds of places, each with a check of its own."""

    FILE = "file"
    REGISTRY = "registry"
    COMMAND_LINE = "command line"
    TELEMETRY = "telemetry"
    INSTALLER_LOG = "installer log"
    DIAGNOSIS = "diagnosis"


@dataclass(frozen=True, order=True)
class Disclosure:
    """One place that holds a secret, without the secret."""

    where: Where
    place: str
    what: str
    gone: bool = False
    """A file that lay there for a moment."""

    def __str__(self) -> str:
        if self.gone:
            return f"{self.place}, which is gone, held {self.what}"
        return f"{self.place} holds {self.what}"


def undeclared(profile: AgentProfile, found: Iterable[Disclosure]) -> list[Disclosure]:
    """Those at places that the profile does not name. What it writes there itself, it names by that."""
    places = declared_places(profile)
    return [
        each
        for each in found
        if not any(each.where == place.kind and place.covers(each.place) for place in places)
    ]


def on_command_lines(processes: Iterable[Process], by_form: Mapping[str, str]) -> Iterator[Disclosure]:
    """Programs that were started with a secret: every user of the machine can read that."""
    for process in processes:
        yield from _on_command_line(process.path or process.name, process.command_line or "", by_form)


def of_starts(started: Iterable[StartedProgram], by_form: Mapping[str, str]) -> Iterator[Disclosure]:
    """The same of programs that may be gone by now."""
    for each in started:
        yield from _on_command_line(program_of(each.command_line), each.command_line, by_form)


def _on_command_line(program: str, line: str, by_form: Mapping[str, str]) -> Iterator[Disclosure]:
    for what in {what for form, what in by_form.items() if form in line}:
        yield Disclosure(Where.COMMAND_LINE, f"the command line of {program}".lower(), what)
