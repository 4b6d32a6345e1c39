"""What the candidate made of the whole machine: at its installation, and to its end."""

from collections.abc import Collection
from dataclasses import replace

from pydantic import TypeAdapter

from harness.candidate.msi_contents import read_contents
from harness.cell.check import NotApplicable
from harness.files import write_atomically
from harness.lifecycle.attributing import attribute_in_cell, told_elsewhere
from harness.lifecycle.autostarts import definitions, named_in_open_folders
from harness.lifecycle.dangling import dangling
from harness.lifecycle.elsewhere import files_elsewhere, values_below, values_not_below
from harness.lifecycle.once import happened, once
from harness.lifecycle.orphans import orphans
from harness.lifecycle.sham import Sham
from harness.lifecycle.timeline import Timeline
from harness.machines.capabilities import Overlay
from harness.model.candidate import InstallerKind
from harness.model.report import Evidence
from harness.reports.machine_tree import Row, machine_tree_page
from harness.residue.attribution import SERVICES, Attributed, SeenWithout, foreign, not_ours
from harness.residue.change import Change, Kind
from harness.residue.changes_told import rows_of
from harness.residue.witness import Look, difference, look_at, look_from_outside

CHANGES = "whole-machine"
"""Folder of the evidence. Not where installers' logs lie: it may hold what the agent was given."""
STIMULI = "c:\\bvt-stimulus"
"""The folder of the harness's own changes of files; an agent may hold one of them, so that it cannot go."""
TREE = "changes.html"
NO_OVERLAY = "this machine's changes cannot be read from outside: it is no overlay over its image"

NOTICED = 1024 * 1024
"""Bytes. The noise of a system is looked for only where there is more, or more files than an agent may make."""


class WholeMachine:
    """The looks at one cell's machine, each taken when the first check asks for it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session

    @once
    def installed(self) -> Attributed:
        """What was not the candidate's and was different once it was installed."""
        found = self._attribute(foreign(self._at_install, self._session.profile))
        self._draw(rows_of(self._at_install, [], found), "after the installation")
        return found

    @once
    def in_use(self) -> Attributed:
        """What was not the candidate's and became different between its installation and its uninstall."""
        found = self._attribute(foreign(self.used, self._session.profile))
        named = {each.name for each in self.installed.candidate}
        return replace(found, candidate=[each for each in found.candidate if each.name not in named])

    @once
    def used(self) -> list[Change]:
        """All that is different right before the uninstall, whosever it is."""
        return self._kept("in-use", self.used_look)

    @once
    def used_look(self) -> Look:
        """The machine right before the uninstall."""
        _ = self._timeline.used
        return look_from_outside(self._overlay())

    @once
    def _at_install(self) -> list[Change]:
        self._timeline.reach()
        return self._changes("install")

    @once
    def after(self) -> Attributed:
        """What is different at the end, not before the profile's `settle_s` and a little more have passed."""
        found = self._attribute(self._at_end, told_elsewhere(self._timeline))
        self._draw(rows_of(self._at_install, self._at_end, found, ended=True), "at the end")
        # What the checks of the installation and of its use name is not named once more.
        named = [*self.installed.candidate, *(self.in_use.candidate if happened(self, "in_use") else [])]
        return replace(found, candidate=[each for each in found.candidate if each not in named])

    @once
    def _at_end(self) -> list[Change]:
        _ = self._timeline.later
        return self._changes("residue")

    def noise_among(self, names: Collection[str]) -> list[str]:
        """Which of these new files and keys the sham run answers for, in lower case; none where there can be none.

        Also what came before the candidate, between the two looks at the clean machine.
        """
        before = self._timeline.baseline.whole
        if not names or before is None:
            return []
        new = [change for change in self._at_end if change.kind is Kind.ADDED and change.name in names]
        answers_for = SeenWithout(Sham(self._session).noise().changes if new else ())
        noise = {each.name for each in new if answers_for.the_very(each) or answers_for.one_like(each)}
        return sorted(noise | before.overlaid(names))

    def room_elsewhere(self) -> tuple[dict[str, int], dict[str, int]]:
        """New files outside of the agent's folders with their bytes, after use and after the installation."""
        session = self._session
        packed = frozenset[str]()
        if session.candidate.kind is InstallerKind.MSI:
            contents = read_contents(session.candidate.path, session.candidate.platform, {})
            packed = frozenset(path.lower() for path in contents.files)
        now, first = (
            files_elsewhere(changes, session.profile, packed) for changes in (self.used, self._at_install)
        )
        if sum(now.values()) > NOTICED or len(now) > session.profile.health.growth_files:
            answers_for = SeenWithout(Sham(session).noise().changes)
            noise = {
                each.name for each in self.used if answers_for.the_very(each) or answers_for.one_like(each)
            }
            now = {name: size for name, size in now.items() if name not in noise}
        return now, first

    def dangling(self) -> list[str]:
        """What the system was told to load or to run in the agent's folder, and is not there after the installation."""
        return dangling(self._at_install, self._session.profile)

    def values_altered(self) -> list[str]:
        """Declared registry values that were as declared after the installation, and are not any more."""
        first = {each.name: each.now for each in self._at_install if each.value is not None}
        now = {each.name: each.now for each in self.used if each.value is not None}
        names = [
            f"{each.key}\\{each.name}" for each in self._session.profile.registry if each.equals is not None
        ]
        return [
            f"{name} {'holds something else' if name.lower() in now else 'is gone'}"
            for name in names
            if name.lower() in first and now.get(name.lower()) != first[name.lower()]
        ]

    def values_of_its_own(self) -> tuple[int, int]:
        """New keys and values below the agent's keys, after use and after the installation."""
        roots = self._session.profile.registry_roots
        now, first = (values_below(changes, roots) for changes in (self.used, self._at_install))
        return now, first

    def values_elsewhere(self, most: int) -> list[str]:
        """The keys of what is new since its installation and not its own; of more than `most`, without the noise."""
        first = {each.name for each in self._at_install}
        new = [each for each in values_not_below(self.used, self._session.profile) if each.name not in first]
        if len(new) > most:
            answers_for = SeenWithout(Sham(self._session).noise().changes)
            new = [each for each in new if not (answers_for.the_very(each) or answers_for.one_like(each))]
        return [each.path.lower() for each in new]

    def started_from_open_folders(self) -> list[str]:
        """Programs where every user may write that the system was told to run; none where nobody sees it."""
        if self._timeline.baseline.whole is None:
            return []
        overlay, profile = self._overlay(), self._session.profile
        texts = dict(definitions(self.used, overlay.upper / overlay.drive_c))
        return named_in_open_folders(not_ours(self.used), texts, profile)

    def not_noise(self, services: Collection[str]) -> list[str]:
        """Those of the new services that no machine without the candidate has, too."""
        if self._timeline.baseline.whole is None:
            return sorted(services)
        noise = {each.name for each in Sham(self._session).noise().changes}
        return sorted(name for name in services if f"{SERVICES}\\{name}".lower() not in noise)

    @once
    def orphans(self) -> list[str]:
        """As `orphans` has it. Raises `NotApplicable` where no sham run can say what is the system's own."""
        if self._timeline.baseline.whole is None:
            raise NotApplicable(NO_OVERLAY)
        return orphans(self._timeline)

    def _changes(self, moment: str) -> list[Change]:
        """Look, and save what is different: whose it is the checks say."""
        return self._kept(moment, look_at(self._session.guest, self._overlay()))

    def _overlay(self) -> Overlay:
        overlay = self._session.overlay
        if self._timeline.baseline.whole is None or overlay is None:
            raise NotApplicable(NO_OVERLAY)
        return overlay

    def _kept(self, moment: str, look: Look) -> list[Change]:
        """What this look shows to be different since before the installation, saved as evidence."""
        before, nonce = self._timeline.baseline.whole, self._timeline.nonce
        assert before is not None
        different = difference(before, look)
        changes = [each for each in different if nonce not in each.name and each.name != STIMULI]
        document = TypeAdapter(list[Change]).dump_json(changes, indent=1, exclude_defaults=True)
        what = f"{len(changes)} differences of the whole machine since before the installation"
        self._save(f"{moment}.json", document, what)
        return changes

    def _draw(self, rows: list[Row], moment: str) -> None:
        """The same for people. What is known last takes the place of what was known before."""
        page = machine_tree_page(self._session.cell.id, rows, moment)
        self._save(TREE, page, f"what this cell changed on its machine, as a tree, {moment}")

    def _save(self, name: str, document: str | bytes, what: str) -> None:
        folder = self._session.directory / CHANGES
        place = write_atomically(folder / name, document)
        self._session.recorder.describe(
            folder, [Evidence(path=place.name, sha256="0" * 64, size=0, what=what)]
        )

    def _attribute(self, changes: list[Change], told: Collection[str] = ()) -> Attributed:
        return attribute_in_cell(self._timeline, changes, self._at_install, told)
