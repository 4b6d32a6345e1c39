"""Mistakes in an agent profile that take more than one key to see."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.config.schedule_rules import schedule_of, scheduled
from harness.config.wide_places import too_wide
from harness.documents.problem import Problem, nearest
from harness.model.candidate import InstallerKind, Platform
from harness.model.matrix import Matrix
from harness.model.profile import AgentProfile
from harness.model.profile.stimuli import COMMON_FACTS, STIMULUS_FACTS
from harness.model.profile.text import DRIVE_PATH, placeholders

MSI_ONLY = {
    "properties": "install_arguments",
    "scenario_properties": "install_arguments",
    "uninstall_properties": "uninstall_command",
}
"""Keys of `installer` → the one for an EXE."""


def profile_problems(profile: AgentProfile, file: Path) -> Sequence[Problem]:
    """Every such mistake; none if the profile makes sense."""
    return (
        *_name(profile, file),
        *_platform(profile),
        *_installer(profile),
        *_services(profile),
        *_telemetry(profile),
        *_events(profile),
        *_kept_events(profile),
        *scheduled(profile),
        *_keeps(profile),
        *too_wide(profile),
        *_version(profile),
    )


def scenario_problems(matrix: Matrix, file: Path) -> Callable[[AgentProfile], Sequence[Problem]]:
    """For `load_profile`: properties for scenarios that the matrix in `file` does not have, so nobody would set them."""
    known = tuple(matrix.scenarios)

    def problems(profile: AgentProfile) -> Sequence[Problem]:
        return [
            Problem(
                ("installer", "scenario_properties", name),
                f"{file} has no scenario {name!r}, so these properties would never be set.",
                _with_all(nearest(name, known), known),
                at_key=True,
            )
            for name in profile.installer.scenario_properties
            if name not in known
        ]

    return problems


def _with_all(hint: str, known: Sequence[str]) -> str:
    return f"{hint} Known: {', '.join(known)}." if hint.startswith("Did") else hint


def _name(profile: AgentProfile, file: Path) -> Iterator[Problem]:
    if profile.name != file.stem:
        yield Problem(
            ("name",), f"the profile's name must be its file's name, {file.stem!r}, not {profile.name!r}."
        )


def _platform(profile: AgentProfile) -> Iterator[Problem]:
    known = tuple(platform.value for platform in Platform)
    if profile.platform not in known:
        yield Problem(("platform",), f"unknown platform {profile.platform!r}.", f"Known: {', '.join(known)}.")


def _installer(profile: AgentProfile) -> Iterator[Problem]:
    installer = profile.installer
    exe_only = ("declared_version", "install_arguments", "uninstall_command")
    for key in exe_only:
        given = bool(getattr(installer, key))
        if installer.kind is InstallerKind.EXE and not given:
            yield Problem(("installer",), f"an EXE installer needs the key {key!r}.", at_key=True)
        if installer.kind is InstallerKind.MSI and given:
            yield Problem(("installer", key), "this key is for EXE installers only.", at_key=True)
    for key, instead in MSI_ONLY.items():
        if installer.kind is InstallerKind.EXE and getattr(installer, key):
            hint = f"Hand an EXE over what it needs in {instead}."
            yield Problem(("installer", key), "this key is for MSI installers only.", hint, at_key=True)


def _services(profile: AgentProfile) -> Iterator[Problem]:
    names = [service.name.casefold() for service in (*profile.services, *profile.drivers)]
    for index, service in enumerate(profile.services):
        if names.count(service.name.casefold()) > 1:
            yield Problem(("services", index, "name"), f"the service {service.name!r} is listed twice.")
    for index, file in enumerate(profile.guest_files):
        if file.restart_service is not None and file.restart_service.casefold() not in names:
            hint = nearest(file.restart_service, [service.name for service in profile.services])
            path = ("guest_files", index, "restart_service")
            yield Problem(path, f"unknown service {file.restart_service!r}.", hint)


def _telemetry(profile: AgentProfile) -> Iterator[Problem]:
    for stimulus, telemetry in profile.telemetry.items():
        facts = STIMULUS_FACTS[stimulus]
        own = facts - COMMON_FACTS.get(stimulus, frozenset())
        path = ("telemetry", stimulus, "columns")
        named = {column: placeholders(pattern) for column, pattern in telemetry.columns.items()}
        unknown = [(column, name) for column, names in named.items() for name in names if name not in facts]
        for column, name in unknown:
            message = f"the stimulus {stimulus!r} gives no fact {{{name}}}."
            yield Problem((*path, column), message, nearest(name, sorted(facts)))
        if not unknown and not any(name in own for names in named.values() for name in names):
            message = "no column has a value that only the stimulus gives it, so another row could match."
            yield Problem(path, message, f"One of {', '.join(sorted(own))} must be in a column.", at_key=True)


def _events(profile: AgentProfile) -> Iterator[Problem]:
    for name, action in profile.response_actions.items():
        if not action.status_contains.strip():
            path = ("response_actions", name, "status_contains")
            yield Problem(path, "it must say which words of a status line confirm the action.")
    if profile.live_query is not None and not profile.live_query.expect:
        yield Problem(("live_query", "expect"), "it must say what the first row contains.")
    pushed = profile.configuration
    if pushed is None:
        return
    if pushed.changed is not None and not pushed.effect_query:
        yield Problem(
            ("configuration", "changed"), "'effect_query' must say which query shows the effect.", at_key=True
        )
    if pushed.changed is not None and pushed.effect_query in (schedule_of(pushed.base) or ()):
        message = "the first configuration has this query too, so its result would show nothing."
        yield Problem(("configuration", "effect_query"), message)
    if pushed.invalid and not pushed.refusal_contains.strip():
        message = "'refusal_contains' must say which words of a status line report the refusal."
        yield Problem(("configuration", "invalid"), message, at_key=True)


def _kept_events(profile: AgentProfile) -> Iterator[Problem]:
    if not profile.check_in.keeps_events:
        return
    pushed = profile.configuration
    missing = [
        *([] if pushed is not None and pushed.outlives_restart else ["configuration.outlives_restart: true"]),
        *([] if "file_change" in profile.telemetry else ["telemetry.file_change"]),
    ]
    if missing:
        message = f"without {' and '.join(missing)} nobody looks whether events outlive a restart."
        yield Problem(("check_in", "keeps_events"), message, "Declare that, or leave this key out.")


UNRELATED = {
    "file": tuple(
        f"{folder}\\unrelated.txt"
        for folder in (r"C:\Program Files", r"C:\Program Files (x86)", r"C:\ProgramData", r"C:\Windows")
    ),
    "registry": (r"HKLM\Software\Unrelated",),
    "service": ("unrelated",),
    "task": ("unrelated", r"\unrelated"),
    "user": ("user unrelated", "group unrelated"),
    "variable": ("unrelated", "path: c:\\unrelated"),
}
"""Per kind of what may stay, names that belong to nobody's agent."""


def _keeps(profile: AgentProfile) -> Iterator[Problem]:
    for index, keep in enumerate(profile.keeps):
        path = ("keeps", index, "path")
        if any(keep.covers(name) for name in UNRELATED[keep.kind]):
            yield Problem(
                path,
                f"{_shown(keep.path)} excuses what is none of the agent's, too.",
                "Say exactly what may stay.",
            )
        elif keep.kind == "file" and not DRIVE_PATH.match(keep.path):
            yield Problem(
                path,
                f"{_shown(keep.path)} is not an absolute path below a drive.",
                "Write it as the guest does.",
            )
        elif keep.kind == "registry" and not any(keep.covers(root) for root in profile.registry_roots):
            hint = nearest(keep.path, profile.registry_roots, label="They are")
            yield Problem(
                path, f"{_shown(keep.path)} is none of registry_roots, so nothing would be excused.", hint
            )
        elif keep.kind == "user" and not keep.path.lower().startswith(("user ", "group ")):
            yield Problem(
                path,
                f"{_shown(keep.path)} does not say whether it is a user or a group.",
                f"Write 'user {keep.path}' or 'group {keep.path}'.",
            )


def _version(profile: AgentProfile) -> Iterator[Problem]:
    if profile.version_pattern is not None and not profile.version_command:
        yield Problem(
            ("version_pattern",), "there is no version_command whose output it could read.", at_key=True
        )


def _shown(path: str) -> str:
    return repr(path).replace("\\\\", "\\")
