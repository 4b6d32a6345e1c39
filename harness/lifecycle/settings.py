"""What customers set: written into the guest as they would, before a step that must keep it."""

from harness.lifecycle.timeline import Timeline

COMMAND_S = 30.0


def set_as_customers_do(timeline: Timeline) -> None:
    """Write every setting that the profile declares. Raises what the guest layer raises."""
    for setting in timeline.session.profile.upgrade.settings:
        place = ["reg", "add", setting.key, "/v", setting.name, "/t", "REG_SZ", "/d", setting.value, "/f"]
        timeline.session.guest.run(place, timeout_s=COMMAND_S)
