"""What the agent gathers for support, gathered once: it is sent on, so no secret may be in it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.cell.session import CellSession
from harness.machines.provider import Overlay
from harness.model.profile import AgentProfile
from harness.residue.attribution import diagnostics_places
from harness.residue.disclosed import LARGEST, as_bytes, held, masked

TAKES_S = 30.0
MOST_FILES = 1000


def gathers(profile: AgentProfile) -> list[str]:
    """Names of the profile's diagnostics that write something: those whose commands name a place. Pure."""
    places = diagnostics_places(profile)
    return [
        name
        for name, command in profile.diagnostics.items()
        if any(place in " ".join(command).lower().replace("\\\\", "\\") for place in places)
    ]


def secrets_gathered(session: CellSession, by_form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Place, in lower case, and secret: in what these commands say, and in each file where they write.

    Raises what the guest layer raises.
    """
    profile = session.profile
    for name in gathers(profile):
        done = session.guest.run(profile.diagnostics[name], timeout_s=TAKES_S)
        said = done.stdout + done.stderr
        for what in {what for form, what in by_form.items() if form in said}:
            yield f"the output of {name}", what
    places = diagnostics_places(profile)
    if session.overlay is not None:
        yield from _in_overlay(session.overlay, places, by_form)
        return
    texts = list(by_form)
    for hit in session.guest.search(texts, places).found:
        yield hit.place.lower(), by_form[texts[hit.needle]]


def _in_overlay(overlay: Overlay, places: list[str], by_form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    drive, forms = overlay.upper / overlay.drive_c, as_bytes(by_form)
    for path in (path for place in places for path in _files(drive, place)):
        with path.open("rb") as file:
            content = file.read(LARGEST)
        name = "c:\\" + str(path.relative_to(drive)).replace("/", "\\").lower()
        for what in sorted({by_form[text] for text in held(content, forms)}):
            yield masked(name, by_form), what


def _files(drive: Path, place: str) -> list[Path]:
    """The files at or below a place on C:, which the host's disk may have in other letters."""
    found = [drive]
    for part in place.split("\\")[1:]:
        found = [
            each for above in found if above.is_dir() for each in above.iterdir() if each.name.lower() == part
        ]
    below = (path for each in found for path in ([each] if each.is_file() else each.rglob("*")))
    return [path for path in below if path.is_file()][:MOST_FILES]
