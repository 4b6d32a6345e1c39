"""Earlier releases in a cell: where they lie on the media drive, and what it means that one does not work."""

from harness.cell.session import CellSession
from harness.model.candidate import Candidate
from harness.model.errors import InfrastructureError
from harness.model.release import ReleaseName
from harness.model.steps import Step


class ReleaseUnusable(InfrastructureError):
    """An earlier release did not work before the candidate came: this says nothing about the candidate."""

    def __init__(self, name: ReleaseName, release: Candidate, words: str) -> None:
        super().__init__(
            f"The {name} release, {release.path.name}, could not be made ready to be upgraded: {words}",
            hint="Is it the right file, and does it pass scenario fresh by itself?",
        )


def release_of(session: CellSession, step: Step) -> tuple[ReleaseName, Candidate]:
    """The release that a step names. A cell whose release is missing is never begun."""
    name = ReleaseName(step.release)
    return name, session.releases[name]


def medium(name: ReleaseName) -> str:
    """The folder of the media drive that holds it."""
    return f"releases\\{name}"


def medium_of(session: CellSession, package: Candidate, medium: str) -> str:
    """Where a package lies in the guest."""
    return f"{session.machine.media_root}{medium}\\{package.path.name}"
