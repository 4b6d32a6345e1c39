"""Test profiles: the shipped one with short deadlines, so that a defect shows in seconds."""

from pathlib import Path
from typing import Any

import yaml

from harness.checks.catalogue import catalogue
from harness.config.load import load_profile
from harness.model.substrate import GuestSystem, why_not

SHIPPED = Path(__file__).parents[3] / "agents" / "reference.yaml"

SHORT: dict[str, Any] = {
    "check_in.deadline_s": 12,
    "check_in.heartbeat_s": 6,
    "reboot_deadline_s": 25,
    "services.0.start_deadline_s": 10,
    "configuration.deadline_s": 6,
    "live_query.deadline_s": 8,
    "response_actions.isolate.deadline_s": 6,
    "response_actions.release.deadline_s": 6,
}


def derived_profile(into: Path, changes: dict[str, Any]) -> Path:
    """Write the shipped profile with `SHORT` and `changes` (dotted path → value) to `into`."""
    document = yaml.safe_load(SHIPPED.read_text())
    for path, value in (SHORT | changes).items():
        *parents, last = path.split(".")
        place = document
        for name in parents:
            place = place[int(name) if isinstance(place, list) else name]
        place[last] = value
    into.write_text(yaml.safe_dump(document, sort_keys=False))
    return into


def wine_cannot() -> dict[str, str]:
    """Why Wine cannot show a check of this agent, by the check's id, in the catalogue's order."""
    profile, _ = load_profile(str(SHIPPED))
    reasons = (
        (check.id, why_not(GuestSystem.WINE, check.needs - check.shows(profile))) for check in catalogue()
    )
    return {check: reason for check, reason in reasons if reason is not None}
