"""Whose a change of the whole machine is, in a cell: what its scenario and its kind of guest answer for."""

from collections.abc import Callable, Collection
from functools import partial

from harness.candidate.msi_permanent import WHY_RECORD, packed, permanent_components, recorded_component
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.lifecycle.folders_of_wine import empty_ones
from harness.lifecycle.folders_of_wine import left_by_wine as folders_of_wine
from harness.lifecycle.sham import Sham
from harness.lifecycle.timeline import Timeline
from harness.model.candidate import InstallerKind
from harness.model.image_path import full_path
from harness.model.steps import broken_off
from harness.model.substrate import GuestSystem
from harness.probe.answers.system import PendingRename
from harness.probe.reading import read_value
from harness.residue import left_by_broken_off, left_by_wine
from harness.residue.attribution import SERVICES, Attributed, attribute
from harness.residue.change import Change, Kind, Where
from harness.residue.snapshot import only_tidies


def attribute_in_cell(
    timeline: Timeline, changes: list[Change], at_install: Collection[Change], told: Collection[str]
) -> Attributed:
    """Whose these changes are. `at_install`: all that was different then; `told`: what other checks find by name.

    What is left to the candidate is compared with a machine that never had it, which may have to be made first.
    """
    session = timeline.session
    attributed = partial(
        attribute, changes, session.profile, told=told, substrates=_reasons(timeline, changes, at_install)
    )
    found = attributed()
    return attributed(noise=Sham(session).noise().changes) if found.candidate else found


def _reasons(
    timeline: Timeline, changes: Collection[Change], at_install: Collection[Change]
) -> Callable[[Change], str]:
    """Why a change is not held against the candidate, for this guest system and scenario; empty if it is."""
    session = timeline.session
    broken = broken_off(session.cell.steps) is not None
    wine = session.machine.guest_system is GuestSystem.WINE
    added = {change.name for change in at_install if change.kind is Kind.ADDED} if wine else set()

    came = timeline.came
    permanent = _permanent(session, changes)
    empty, own = _empty_folders(timeline, changes)

    def why(change: Change) -> str:
        of_wine = left_by_wine.why(change, added, came=came) if wine else ""
        if change.name in empty and change.where is Where.FILE:
            return own
        of_permanent = WHY_RECORD if recorded_component(change.name) in permanent else ""
        return of_wine or of_permanent or (left_by_broken_off.why(change) if broken else "")

    return why


def _permanent(session: CellSession, changes: Collection[Change]) -> Collection[str]:
    """The packed GUIDs of the MSI's permanent components, if anything that changed may be a record of one.

    That nobody asked for such a component is said by rule `msi.components.permanent`, and by what stays with it.
    """
    candidate = session.candidate
    if candidate.kind is not InstallerKind.MSI or not any(
        recorded_component(change.name) for change in changes
    ):
        return ()
    return {packed(guid) for guid in permanent_components(read_tables(candidate.path)).values()}


def _empty_folders(timeline: Timeline, changes: Collection[Change]) -> tuple[Collection[str], str]:
    """New folders, wherever they are, that Windows would have removed because they are empty; and why."""
    new = {each.name for each in changes if (each.kind, each.where) == (Kind.ADDED, Where.FILE)}
    if not new:
        return (), ""
    own, reason = folders_of_wine(timeline.session, timeline.properties())
    return empty_ones(own & new, new), reason


def told_elsewhere(timeline: Timeline) -> list[str]:
    """What other checks find by name: new services and drivers, and what is new in shared keys."""
    before, now = timeline.baseline.snapshot, timeline.after
    services = (now.services | now.drivers) - before.services - before.drivers
    renames = timeline.session.guest.probe("pending-renames", repeatable=True)
    tidied = [
        full_path(rename.source)
        for rename in read_value("pending-renames", list[PendingRename], renames)
        if only_tidies(rename)  # an uninstaller's copy of itself, which goes with the next boot
    ]
    return [*tidied, *(f"{SERVICES}\\{name}" for name in services), *(now.registry - before.registry)]
