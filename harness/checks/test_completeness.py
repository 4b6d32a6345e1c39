"""Of what is there for long the agent told all, and not nine of ten: looked at once, without one stimulus more."""

import re

from harness.backend.interface import BackendFeature
from harness.cell.check import NotApplicable, check
from harness.cell.declared import telemetry
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.lifecycle.elsewhere import unreported
from harness.lifecycle.inspection import Inspection
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase
from harness.probe.answers.services import Service

PHASE = Phase.UNINSTALL
KIND = "service"
OWN_OR_SHARED_PROCESS = 0x30
"""Bits of a service's type, of which a driver has none."""
SOME_ONLY = re.compile(r"\b(?:where|limit|join|having|except|intersect)\b", re.IGNORECASE)
"""In a query: not every row is asked for."""
FEW = 5
"""Of so few nothing can be said."""


@check(
    "Every service was reported",
    declared=telemetry(KIND),
    backend=[BackendFeature.TELEMETRY],
    requires=[f"functions.{KIND}"],
)
def test_every_service(cell: CellSession, timeline: Timeline) -> None:
    expected = cell.profile.telemetry[KIND]
    column = next((name for name, pattern in expected.columns.items() if pattern == "{name}"), None)
    if column is None or expected.action == "removed":
        raise NotApplicable("no column that the profile names holds a service's name")
    pushed = cell.profile.configuration
    if pushed is not None and SOME_ONLY.search(pushed.query_text(expected.query)):
        raise NotApplicable(f"its query {expected.query} asks for some services and not for all")
    stay = sorted(_names(timeline.inspection) & _names(timeline.used))
    reported = {
        event.columns.get(column, "").lower()
        for event in cell.backend.events(cell.cell.id, expected.query)
        if event.action == expected.action
    }
    missing, looked_for = unreported(stay, reported)
    if looked_for < FEW:
        raise NotApplicable("it tells of services that are new, and not of all that are there")
    cell.note("services that stay", looked_for)
    assert not missing, mismatch(
        f"each of {looked_for} services that stay is reported",
        f"{len(missing)} never were: {listed(missing)}",
    )


def _names(looked: Inspection) -> set[str]:
    return {name for name, each in looked.services.items() if _is_no_driver(each)}


def _is_no_driver(service: Service) -> bool:
    kinds = [side.service_type for side in (service.manager, service.registry) if side is not None]
    return any((kind or 0) & OWN_OR_SHARED_PROCESS for kind in kinds)
