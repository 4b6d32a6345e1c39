"""What the agent gathers for support, gathered once: it is sent on, so no secret may be in it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.cell.check import NotTested
from harness.cell.session import CellSession
from harness.guest.winrm.exchange import CommandTimedOut
from harness.machines.capabilities import Overlay
from harness.model.profile import AgentProfile
from harness.residue.attribution import diagnostics_places
from harness.residue.disclosed import LARGEST, as_bytes, held, masked

TAKES_S = 120.0
"""What support asks for may take long; it is no measure of the agent."""
MOST_FILES = 1000


def gathers(profile: AgentProfile) -> list[str]:
    """Names of the profile's diagnostics that write something: those whose commands name a place. Pure."""
    places = diagnostics_places(profile)
    return [
        name
        for name, command in profile.diagnostics.items()
        if any(place in " ".join(command).lower().replace("\\\\", "\\") for place in places)
    ]


def secrets_gathered(session: CellSession, by_form: Mapping[str, str]) -> list[tuple[str, str]]:
    """Place, in lower case, and secret: in what these commands say, and in each file where they write.

    Raises `NotTested` where a command does not end in time and nothing was found until then, and what the guest layer
    raises.
    """
    profile, found, late = session.profile, list[tuple[str, str]](), list[str]()
    within_s = session.within(TAKES_S).length_s
    for name in gathers(profile):
        try:
            done = session.guest.run(profile.diagnostics[name], timeout_s=TAKES_S)
            said = done.stdout + done.stderr
        except CommandTimedOut as error:
            late.append(name)
            said = (error.stdout + error.stderr).decode("utf-8", errors="replace")
        found += [
            (f"the output of {name}", what) for what in {by_form[form] for form in by_form if form in said}
        ]
    places = diagnostics_places(profile)
    if session.overlay is not None:
        found += _in_overlay(session.overlay, places, by_form)
    else:
        texts = list(by_form)
        hits = session.guest.search(texts, places).found
        found += [(hit.place.lower(), by_form[texts[hit.needle]]) for hit in hits]
    if late and not found:
        raise NotTested(f"the diagnostics {', '.join(late)} did not end within {within_s:g} s")
    return found


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
