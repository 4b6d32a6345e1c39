"""What customers set is as they set it, after a step that must keep it."""

from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.guest.registry_tree import RegistryData
from harness.lifecycle.settings import has_line, read_edited
from harness.lifecycle.timeline import Timeline

SETTINGS = declares(
    "settings of customers (upgrade.settings, upgrade.edited_files)",
    lambda profile: profile.upgrade.settings or profile.upgrade.edited_files,
)


def assert_kept(cell: CellSession, timeline: Timeline, step: str) -> None:
    """Fail for the settings that are others, or gone, and for the first file that lost its line.

    What was set on a service goes with it: after a repair, before which the service is deleted, nobody looks for it, and
    neither where the service has another name since.
    """
    _ = timeline.installation
    earlier = timeline.arrival.earlier
    services = earlier.services if earlier is not None and step != "repair" else ()
    wanted = [each for each in cell.profile.upgrade.settings if not each.service or each.service in services]
    trees = {key: cell.guest.registry.export(key) for key in dict.fromkeys(each.key for each in wanted)}
    lost = []
    for setting in wanted:
        place = f"{setting.key}\\{setting.name}"
        value = trees[setting.key].value(setting.key, setting.name)
        if value is None or _as_set(value.data) != setting.value.lower():
            found = "it is gone" if value is None else f"it is {_as_set(value.data)!r}"
            lost.append((f"{place} is {setting.value!r}, as it was set before the {step}", found))
    assert not lost, mismatch(
        "; ".join(expected for expected, _ in lost), "; ".join(dict.fromkeys(found for _, found in lost))
    )
    for file in cell.profile.upgrade.edited_files:
        content = read_edited(timeline, file.path)
        expected = f"{file.path} holds the line {file.line!r}, which was added before the {step}"
        assert content is not None, mismatch(expected, "the file is gone")
        assert has_line(content, file.line), mismatch(
            expected, f"it holds {len(content)} bytes and no such line"
        )


def _as_set(data: RegistryData) -> str:
    """As a profile writes it, in lower case."""
    return data.hex() if isinstance(data, bytes) else str(data).lower()
