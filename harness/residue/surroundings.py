"""What every program of the machine relies on, whoever made it: environment variables and the system's own programs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from harness.guest.guest import Guest
from harness.guest.round_trip import RoundTrip
from harness.guest.system_tools import WATCHED
from harness.model.environment import harm, left_over, lost_from_lists
from harness.model.errors import GuestFault
from harness.model.profile.places import Keep
from harness.probe.answers.files import FileFacts
from harness.probe.answers.system import Environment

FILES = ("file", *WATCHED)


@dataclass(frozen=True)
class Surroundings:
    """As they are at one time."""

    environment: Environment
    programs: Mapping[str, str | None]
    """Path → SHA-256 of those that are there; None for one that cannot be read."""

    def harmed(self, now: "Surroundings", keeps: Iterable[Keep] = ()) -> list[str]:
        """What other programs had in their environment and no longer have. `keeps`: those of the profile."""
        return self.stored_harm(now.environment, keeps) or lost_from_lists(
            self.environment.process, now.environment.process
        )

    def stored_harm(self, now: Environment, keeps: Iterable[Keep] = ()) -> list[str]:
        """The same of what is stored for every program that starts from now on."""
        was, variables = self.environment, [keep for keep in keeps if keep.kind == "variable"]
        declared = partial(_is_kept, variables)
        found = harm(was.machine, now.machine, declared=declared)
        return found + harm(was.user, now.user, declared=declared)

    def left_over(self, now: "Surroundings") -> frozenset[str]:
        """Variables, and entries of lists, that were not there."""
        was = self.environment
        return left_over(was.machine, now.environment.machine) | left_over(was.user, now.environment.user)

    def tampered(self, now: "Surroundings") -> list[str]:
        """The system's programs that are gone or are others."""
        gone = [f"{path} is gone" for path in self.programs if path not in now.programs]
        others = [
            f"{path} was replaced"
            for path, digest in self.programs.items()
            if path in now.programs and now.programs[path] != digest
        ]
        return gone + others

    def untouched(self, guest: Guest) -> str:
        """Nothing, where the system's programs are still the same. Raises `GuestFault`, and what the layer does."""
        if changed := self.tampered(look_around(guest)):
            raise GuestFault(f"{', '.join(changed)}.")
        return ""


def _is_kept(variables: Iterable[Keep], name: str) -> bool:
    return any(keep.covers(name.lower()) for keep in variables)


def look_around(guest: Guest) -> Surroundings:
    """Ask the guest, in a new shell: one that was open keeps the environment that it was opened with.

    Raises what the guest layer raises.
    """
    guest.new_shell()
    asked = RoundTrip(guest, [["environment"], FILES])
    facts = asked.read(list[FileFacts], *FILES)
    return Surroundings(
        environment=asked.read(Environment, "environment"),
        programs={each.path: each.sha256 for each in facts if each.exists},
    )
