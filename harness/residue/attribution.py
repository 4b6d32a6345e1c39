r"""Whose a change of the machine is: the candidate's, the system's own noise, declared, the harness's; pure.

Only the candidate's count. All others are named in the report, or by another check.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from harness.guest.system_tools import WATCHED
from harness.model.profile import AgentProfile
from harness.model.profile.places import Keep
from harness.residue import noise_pattern
from harness.residue.change import Change, Kind, Where
from harness.residue.deciding import DECIDES, decides
from harness.residue.sentinels import SENTINEL_DIR, SENTINEL_FILES, SENTINEL_KEY, SENTINEL_SERVICE
from harness.residue.snapshot import NEIGHBOUR_DIR, TEMPORARY_FOLDER, WATCHED_TREES

SERVICES = "HKLM\\System\\CurrentControlSet\\Services"
_SESSION_MANAGER = "HKLM\\System\\CurrentControlSet\\Control\\Session Manager"
OWN = (
    "C:\\bvt",
    NEIGHBOUR_DIR,
    SENTINEL_DIR,
    *SENTINEL_FILES,
    SENTINEL_KEY,
    f"{SERVICES}\\{SENTINEL_SERVICE}",
)
"""What the harness itself makes: the checks of the sentinels look at these."""
OWN_TEMPORARY = re.compile(r"^c:\\windows\\temp\\bvt-(?:[a-z]+-)?(?:[0-9a-f]{8}|[0-9a-f]{12})\.[a-z]+$")
TOLD_ELSEWHERE = (
    *WATCHED,
    f"{_SESSION_MANAGER}\\Environment",
    "HKCU\\Environment",
    "HKCU\\Volatile Environment",
    f"{_SESSION_MANAGER}\\PendingFileRenameOperations",
)
"""What checks with names of their own look at, whatever became of it."""
ADDED_TOLD_ELSEWHERE = (
    *WATCHED_TREES,
    "C:\\Windows\\System32\\Tasks",
    "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
    "HKLM\\Software\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
    "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
)
"""The same for what is new there: files, tasks, entries in Add/Remove Programs."""
PATH_IN_COMMAND = re.compile(r"[a-z]:\\[^\"'\s,;\]]+")
RANDOM_PART = re.compile(r"\{[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}|[0-9a-f]{3,}")


@dataclass(frozen=True)
class Attributed:
    """The changes of one look, by whose they are."""

    candidate: list[Change] = field(default_factory=list)
    noise: list[Change] = field(default_factory=list)
    by_pattern: list[Change] = field(default_factory=list)
    """Of the noise, what the sham run has seen under other names of the same form."""
    declared: list[tuple[Keep, Change]] = field(default_factory=list)
    substrates: list[tuple[str, Change]] = field(default_factory=list)
    """Why, and what."""
    agents_own: list[Change] = field(default_factory=list)
    """What the profile calls the agent's: other checks look at it."""

    def of(self, where: Where) -> list[Change]:
        """The candidate's, of one kind."""
        return [each for each in self.candidate if each.where is where]


def not_ours(changes: Iterable[Change]) -> list[Change]:
    """Without the harness's own files and keys."""
    return [each for each in changes if not (_below(each.name, OWN) or OWN_TEMPORARY.match(each.name))]


class SeenWithout:
    """What a sham run answers for: what a machine without the candidate changed, too."""

    def __init__(self, noise: Sequence[Change]) -> None:
        self._known = {_noise_name(each) for each in noise}
        self._values = {(_noise_name(each), each.now) for each in noise if each.value is not None}
        self._patterns = noise_pattern.learn(noise)

    def the_very(self, change: Change) -> bool:
        """Whether it was seen by this name; a value that decides over others, with the very same data."""
        name = _noise_name(change)
        if change.value is not None and DECIDES.match(change.name):
            return (name, change.now) in self._values
        return name in self._known

    def one_like(self, change: Change) -> bool:
        """Whether others of the same form were seen."""
        return any(pattern.covers(change) for pattern in self._patterns)


def foreign(changes: Sequence[Change], profile: AgentProfile) -> list[Change]:
    """What was there before and is changed or gone, or is new where it decides over others."""
    new = {change.name for change in changes if change.kind is Kind.ADDED}
    return [each for each in changes if each.kind is not Kind.ADDED or decides(each, profile, new)]


def attribute(
    changes: Iterable[Change],
    profile: AgentProfile,
    *,
    noise: Sequence[Change] = (),
    told: Collection[str] = (),
    substrates: Callable[[Change], str] = lambda _: "",
) -> Attributed:
    """Sort them.

    `told`: names of what other checks have found, with all that lies below them. `substrates`: why a change is the
    substrate's, empty if it is not.
    """
    roots = (profile.install_dir, *profile.data_dirs, *profile.registry_roots)
    declared_files = tuple(file.path for file in profile.files)
    diagnostics = diagnostics_places(profile)
    answers_for = SeenWithout(noise)
    found = Attributed()
    for change in changes:
        name = change.name
        if (
            _below(name, diagnostics)
            or _below(name, OWN)
            or OWN_TEMPORARY.match(name)
            or _below(name, TOLD_ELSEWHERE)
        ):
            continue
        if _below(name, (*roots, *declared_files)):
            found.agents_own.append(change)
        elif change.kind is Kind.ADDED and _below(name, (*ADDED_TOLD_ELSEWHERE, *told)):
            continue
        elif answers_for.the_very(change):
            found.noise.append(change)
        elif answers_for.one_like(change):
            found.noise.append(change)
            found.by_pattern.append(change)
        elif (keep := _kept(change, profile.keeps)) is not None:
            found.declared.append((keep, change))
        elif reason := substrates(change):
            found.substrates.append((reason, change))
        else:
            found.candidate.append(change)
    return found


def diagnostics_places(profile: AgentProfile) -> list[str]:
    """Folders and files of the profile's diagnostics, which the harness asks for once a check has failed.

    Nothing that lies directly on the drive or in the system's folder: a diagnosis has a place of its own.
    """
    named = PATH_IN_COMMAND.findall(
        " ".join(str(command) for command in profile.diagnostics.values()).lower()
    )
    return [path.replace("\\\\", "\\") for path in named if path.replace("\\\\", "\\").count("\\") >= 3]


def _below(name: str, places: Iterable[str]) -> bool:
    return any(f"{name}\\".startswith(f"{place.lower()}\\") for place in places)


def _kept(change: Change, keeps: Iterable[Keep]) -> Keep | None:
    """The reason to stay. What only holds something that may stay needs none of its own: it is seldom a change."""
    kind = "file" if change.where is Where.FILE else "registry"
    return next((keep for keep in keeps if keep.kind == kind and keep.covers(change.name)), None)


def _noise_name(change: Change) -> tuple[str, str, str]:
    """What a change of another machine must be like, to be the same noise.

    Names of temporary files are drawn anew on each machine: there random parts do not count.
    """
    name = change.name
    if change.where is Where.FILE and TEMPORARY_FOLDER.match(name):
        name = RANDOM_PART.sub("#", name)
    return change.kind.value, change.where.value, name
