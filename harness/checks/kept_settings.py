"""What customers set is as they set it, after a step that must keep it."""

from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.settings import has_line, read_edited
from harness.lifecycle.timeline import Timeline

SETTINGS = declares(
    "settings of customers (upgrade.settings, upgrade.edited_files)",
    lambda profile: profile.upgrade.settings or profile.upgrade.edited_files,
)


def assert_kept(cell: CellSession, timeline: Timeline, step: str) -> None:
    """Fail for the first setting that is another, or gone, and for the first file that lost its line."""
    _ = timeline.installation
    for setting in cell.profile.upgrade.settings:
        place = f"{setting.key}\\{setting.name}"
        value = cell.guest.registry.value(setting.key, setting.name)
        expected = f"{place} is {setting.value!r}, as it was set before the {step}"
        assert value is not None, mismatch(expected, "it is gone")
        assert str(value.data) == setting.value, mismatch(expected, f"it is {value.data!r}")
    for file in cell.profile.upgrade.edited_files:
        content = read_edited(timeline, file.path)
        expected = f"{file.path} holds the line {file.line!r}, which was added before the {step}"
        assert content is not None, mismatch(expected, "the file is gone")
        assert has_line(content, file.line), mismatch(
            expected, f"it holds {len(content)} bytes and no such line"
        )
