"""Where the secrets that an agent was given lie, right before it is uninstalled: looked for once, in every place."""

import ntpath
from collections.abc import Collection, Iterator, Mapping

from harness.backend.disclosed import Records
from harness.candidate.msi_contents import read_contents
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.guest.msi.log import decode_log
from harness.guest.registry_tree import full_path
from harness.guest.round_trip import RoundTrip, trees
from harness.lifecycle.declared_secrets import declared_places, secret_properties, spoken_of, written_from
from harness.lifecycle.diagnosis import secrets_gathered
from harness.lifecycle.disclosed import (
    ENROLMENT,
    NAME_OF,
    NODE_KEY,
    Disclosure,
    Where,
    of_starts,
    on_command_lines,
)
from harness.lifecycle.once import once
from harness.lifecycle.programs import started_by_agent
from harness.lifecycle.searched_places import folders, in_short, keys
from harness.lifecycle.short_lived_secrets import held_secrets
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.candidate import InstallerKind
from harness.model.secret_forms import encoded
from harness.model.substrate import GuestSystem
from harness.residue.attribution import not_ours
from harness.residue.disclosed import in_files, in_registry
from harness.residue.witness import Look

MOST_TEXTS = 128
"""How many the probe takes at once (`search.c`)."""


class Disclosures:
    """The search in one cell, made when the first check asks for it: the machine must still have the agent."""

    def __init__(self, timeline: Timeline, whole: WholeMachine) -> None:
        self._timeline, self._whole = timeline, whole
        self._session = timeline.session

    @once
    def found(self) -> frozenset[Disclosure]:
        """Every place. Those that the profile names are among them."""
        _ = self._timeline.installation
        session = self._session
        secrets = secrets_of(session)
        by_form = {form: what for secret, what in secrets.items() for form in encoded(secret)}
        processes = (*self._timeline.inspection.processes, *session.guest.processes())
        return frozenset(
            [
                *(self._in_guest(by_form) if self._before is None else self._from_outside(by_form)),
                *self._in_names(by_form),
                *self._in_short_lived(by_form),
                *on_command_lines(processes, by_form),
                *of_starts(started_by_agent(session) or (), by_form),
                *self._in_telemetry(by_form),
                *self._in_installer_log(by_form),
            ]
        )

    @once
    def gathered(self) -> list[Disclosure]:
        """What is gathered for support and holds one. The commands for it are run when the first check asks."""
        _ = self.found  # what lies there by itself, and not because we asked
        secrets = secrets_of(self._session)
        by_form = {form: what for secret, what in secrets.items() for form in encoded(secret)}
        found = secrets_gathered(self._session, by_form)
        return [Disclosure(Where.DIAGNOSIS, place, what) for place, what in found]

    def printed(self) -> list[Disclosure]:
        """What commands of the agent printed that they were asked for anyway."""
        by_form = {
            form: what for secret, what in secrets_of(self._session).items() for form in encoded(secret)
        }
        return sorted(
            {
                Disclosure(Where.DIAGNOSIS, f"what is printed for {asked!r}", what)
                for asked, text in self._timeline.said.items()
                for form, what in by_form.items()
                if form in text
            }
        )

    def of(self, where: Where) -> list[Disclosure]:
        """Those of one kind, in order."""
        return sorted(each for each in self.found if each.where is where)

    @property
    def _before(self) -> Look | None:
        """The whole machine before the candidate; None where it cannot be read from outside."""
        return self._timeline.baseline.whole if self._session.overlay is not None else None

    def _from_outside(self, by_form: Mapping[str, str]) -> Iterator[Disclosure]:
        """Everywhere on the machine, whoever's places they are."""
        before, overlay = self._before, self._session.overlay
        assert before is not None
        assert overlay is not None
        drive = overlay.upper / overlay.drive_c
        for place, form in in_files(not_ours(self._whole.used), drive, by_form):
            if place not in self._timeline.logs:  # looked at by themselves
                yield Disclosure(Where.FILE, place, by_form[form])
        for place, form in in_registry(before, self._whole.used_look, by_form):
            yield Disclosure(Where.REGISTRY, place, by_form[form])

    def _in_guest(self, by_form: Mapping[str, str]) -> Iterator[Disclosure]:
        profile, texts = self._session.profile, list(by_form)
        places = [*folders(profile), *map(full_path, keys(profile))]
        since = self._timeline.baseline.boot.booted.timestamp()
        unread = 0
        for begin in range(0, len(texts), MOST_TEXTS):
            some = texts[begin : begin + MOST_TEXTS]
            searched = self._session.guest.search(some, places, since=since)
            unread = max(unread, searched.unreadable)
            for hit in searched.found:
                what, place = by_form[some[hit.needle]], hit.place.lower()
                if place in self._timeline.logs:
                    continue  # looked at by itself
                if place.startswith("hkey_"):
                    value = (
                        f"{in_short(place)}\\{hit.name.lower()}" if hit.name is not None else in_short(place)
                    )
                    yield Disclosure(Where.REGISTRY, value, what)
                else:
                    yield Disclosure(Where.FILE, place, what)
        if unread:
            self._session.note("not searched for secrets", f"{unread} files and keys that cannot be read")

    def _in_names(self, by_form: Mapping[str, str]) -> Iterator[Disclosure]:
        """Files and folders of the agent that are called by a secret: everybody can list them."""
        profile = self._session.profile
        roots = (profile.install_dir, *profile.data_dirs)
        for path in RoundTrip(self._session.guest, trees(*roots)).paths(*roots):
            for form, what in by_form.items():
                if form.lower() in path.lower():
                    folder, name = ntpath.split(path)
                    start = name.lower().find(form.lower())
                    shown = f"{name[:start]}***" if start >= 0 else "***"
                    yield Disclosure(Where.FILE, f"{NAME_OF}{folder}\\{shown}".lower(), what)

    def _in_short_lived(self, by_form: Mapping[str, str]) -> Iterator[Disclosure]:
        """Files that were deleted or replaced since the installation, where the machine is watched from outside."""
        watching = self._timeline.arrival.short_lived
        declared = [place for place in declared_places(self._session.profile) if place.kind == "file"]
        logs = self._timeline.logs

        def allowed(path: str) -> bool:
            return path in logs or any(place.covers(path) for place in declared)

        for path, what in held_secrets(watching.close() if watching else (), by_form, allowed):
            yield Disclosure(Where.FILE, path, what, gone=True)

    def _in_telemetry(self, by_form: Mapping[str, str]) -> Iterator[Disclosure]:
        backend = self._session.backend
        if not isinstance(backend, Records):
            return
        packages = (self._session.candidate, *self._session.releases.values())
        installers = [ntpath.basename(package.path.name).lower() for package in packages]
        for record in backend.holding(self._session.cell.id, by_form):
            for name, text in record.texts:
                # What the harness itself wrote on the installer's command line is no secret that the agent gave away.
                if any(installer in text.lower() for installer in installers):
                    continue
                for what in {what for form, what in by_form.items() if form in text}:
                    yield Disclosure(Where.TELEMETRY, f"{record.what} ({name})", what)

    def _hidden(self) -> frozenset[str]:
        candidate, profile = self._session.candidate, self._session.profile
        given = frozenset(secret_properties(profile))
        if candidate.kind is not InstallerKind.MSI:
            return given
        return given | read_contents(candidate.path, candidate.platform, {}).hidden_properties

    def _holding(self, hidden: Collection[str]) -> frozenset[str]:
        candidate = self._session.candidate
        if candidate.kind is not InstallerKind.MSI:
            return frozenset()
        return written_from(read_tables(self._session.run.copy_of(candidate)), hidden)

    def _in_installer_log(self, by_form: Mapping[str, str]) -> Iterator[Disclosure]:
        on_wine = self._session.machine.guest_system is GuestSystem.WINE
        # Wine's installer prints what a package hides (MsiHiddenProperties); Windows' does not.
        hidden = self._hidden() if on_wine else frozenset()
        holding = self._holding(hidden) if hidden else frozenset()
        for path in sorted((self._session.directory / self._timeline.arrival.phase).glob("*")):
            for line in decode_log(path.read_bytes()).splitlines():
                if spoken_of(line, self._session.profile, hidden, holding):
                    continue
                for what in {what for form, what in by_form.items() if form in line}:
                    place, _, _ = line.partition("=")
                    shown = next((form for form in by_form if form in place), "")
                    where = place.replace(shown, "***") if shown else place
                    yield Disclosure(Where.INSTALLER_LOG, f"{path.name} ({where.strip()[:80]})", what)


def secrets_of(session: CellSession) -> dict[str, str]:
    """Secret → what it is, of all that the agent was given."""
    node_keys = session.backend.credentials(session.cell.id)
    return dict.fromkeys(node_keys, NODE_KEY) | {session.enrolment.secret: ENROLMENT}
