"""Secrets in files that lie on the machine for a moment only, from the installation to the search for what stays."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from harness.cell.declared import given_texts
from harness.cell.session import CellSession
from harness.model.profile import AgentProfile
from harness.residue.attribution import OWN_TEMPORARY
from harness.residue.disclosed import as_bytes, held
from harness.residue.short_lived import Gone, ShortLived
from harness.residue.witness import FOLDER

OWN = "c:\\bvt\\"
"""Where the harness writes."""


def gives_a_secret(profile: AgentProfile) -> bool:
    """Whether the profile hands the enrolment secret to the agent at all."""
    return any("{enrol_secret}" in text for text in given_texts(profile))


def watch(session: CellSession) -> ShortLived | None:
    """Watch the machine's files until the cell's end at the latest; None where nothing can be seen from outside."""
    overlay = session.overlay
    if overlay is None or not gives_a_secret(session.profile):
        return None
    with suppress(OSError):  # no such folder, or this kernel has no more watches to give
        watching = ShortLived(overlay.upper / overlay.drive_c, but=[FOLDER.removeprefix("C:\\")])
        session.at_the_end.callback(watching.close)
        return watching
    return None


def held_secrets(
    gone: Iterable[Gone], by_form: Mapping[str, str], allowed: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    """Path and secret of each file that held one, as UTF-8 or UTF-16. Pure.

    `allowed`: whether a file of this path may hold one. A file that bore such a path at any time may have held it under
    another one: that is how a file is replaced in one step.
    """
    forms = as_bytes(by_form)
    for each in gone:
        if any(allowed(path) or path.startswith(OWN) or OWN_TEMPORARY.match(path) for path in each.paths):
            continue
        for what in sorted({by_form[text] for text in held(each.content, forms)}):
            yield each.paths[0], what
