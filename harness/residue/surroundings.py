"""What every program of the machine relies on, whoever made it: environment variables and the system's own programs."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.guest.guest import Guest
from harness.guest.round_trip import RoundTrip
from harness.guest.system_tools import WATCHED
from harness.model.environment import harm, left_over, lost_from_lists
from harness.model.errors import GuestFault
from harness.probe.answers.files import FileFacts
from harness.probe.answers.system import Environment

FILES = ("file", *WATCHED)


@dataclass(frozen=True)
class Surroundings:
    """As they are at one time."""

    environment: Environment
    programs: Mapping[str, str | None]
    """Path → SHA-256 of those that are there; None for one that cannot be read."""

    def harmed(self, now: "Surroundings") -> list[str]:
        """What other programs had in their environment and no longer have."""
        was = self.environment
        found = harm(was.machine, now.environment.machine) + harm(was.user, now.environment.user)
        return found or lost_from_lists(was.process, now.environment.process)

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
