"""What the agent is told to run, against the rows that are waited for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.documents.problem import Path, Problem, nearest
from harness.model.profile import AgentProfile


def schedule_of(configuration: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The queries that a configuration of osquery's form names; None if it has another form, or packs with more."""
    schedule = configuration.get("schedule")
    return schedule if isinstance(schedule, dict) and "packs" not in configuration else None


def scheduled(profile: AgentProfile) -> Iterator[Problem]:
    """A result that is waited for must be of a query that the agent is told to run, whatever is in force."""
    pushed = profile.configuration
    if pushed is None:
        return
    base = schedule_of(pushed.base)
    for stimulus, telemetry in profile.telemetry.items():
        if base is not None and telemetry.query not in base:
            message = (
                f"configuration.base schedules no query {telemetry.query!r}, so no row would ever arrive."
            )
            yield Problem(("telemetry", stimulus, "query"), message, nearest(telemetry.query, tuple(base)))
        elif base is not None and (telemetry.action == "snapshot") != pushed.sends_whole(telemetry.query):
            form = "differences" if telemetry.action == "snapshot" else "snapshots"
            message = (
                f"configuration.base schedules {telemetry.query!r} to send {form},"
                f" so no row with action {telemetry.action!r} would ever arrive."
            )
            yield Problem(("telemetry", stimulus, "action"), message)
    changed = schedule_of(pushed.changed or {})
    if changed is not None and pushed.effect_query and pushed.effect_query not in changed:
        message = (
            f"configuration.changed schedules no query {pushed.effect_query!r}, so no result would arrive."
        )
        own = tuple(name for name in changed if name not in (base or ()))
        yield Problem(("configuration", "effect_query"), message, nearest(pushed.effect_query, own))
    for path, configuration in _later(profile):
        yield from _left_out(profile, base or {}, path, configuration)


def _later(profile: AgentProfile) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Each configuration that comes after the base, and its place in the profile."""
    if profile.configuration is not None and profile.configuration.changed:
        yield ("configuration", "changed"), profile.configuration.changed
    for name, action in profile.response_actions.items():
        yield ("response_actions", name, "configuration"), action.configuration


def _left_out(
    profile: AgentProfile, base: Mapping[str, Any], path: Path, configuration: Mapping[str, Any]
) -> Iterator[Problem]:
    """Telemetry that an agent with this configuration would not give any more; checks go on to wait for it."""
    schedule = schedule_of(configuration)
    if schedule is None:
        return
    counted_on = {each.query for each in profile.telemetry.values() if each.query in base}
    advice = "A configuration takes the place of the one before, so repeat there what configuration.base schedules."
    if lost := counted_on - schedule.keys():
        yield Problem(
            path,
            f"it leaves out {_named(lost)}, which telemetry counts on: with it in force no such row would ever arrive.",
            advice,
        )
    if other := {each for each in counted_on - lost if _whole(schedule[each]) != _whole(base[each])}:
        yield Problem(
            path,
            f"it has {_named(other)} sent in another form (snapshot) than configuration.base: with it in force no row"
            " that telemetry counts on would ever arrive.",
            advice,
        )


def _whole(scheduled: object) -> bool:
    return isinstance(scheduled, dict) and scheduled.get("snapshot") is True


def _named(queries: Iterable[str]) -> str:
    return ", ".join(sorted(map(repr, queries)))
