"""What customers set is as they set it, after a step that must keep it."""

from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.timeline import Timeline

SETTINGS = declares("settings of customers (upgrade.settings)", lambda profile: profile.upgrade.settings)


def assert_kept(cell: CellSession, timeline: Timeline, step: str) -> None:
    """Fail for the first setting that is another, or gone."""
    _ = timeline.installation
    for setting in cell.profile.upgrade.settings:
        place = f"{setting.key}\\{setting.name}"
        value = cell.guest.registry.value(setting.key, setting.name)
        expected = f"{place} is {setting.value!r}, as it was set before the {step}"
        assert value is not None, mismatch(expected, "it is gone")
        assert str(value.data) == setting.value, mismatch(expected, f"it is {value.data!r}")
