"""Another product in the vendor's folders: what it has there must outlive an uninstall of the candidate."""

import ntpath
from collections.abc import Sequence

from harness.config.wide_places import is_everybodys
from harness.lifecycle.timeline import Timeline
from harness.model.profile import AgentProfile


def vendors_folders(profile: AgentProfile) -> Sequence[str]:
    r"""The folders right above the agent's own, such as `C:\Program Files\Vendor`; none that is everybody's. Pure."""
    above = [ntpath.dirname(folder) for folder in (profile.install_dir, *profile.data_dirs)]
    own = {folder.lower() for folder in (profile.install_dir, *profile.data_dirs)}
    return [
        *dict.fromkeys(
            folder
            for folder in above
            if len(folder) > len("C:\\") and not is_everybodys(folder) and folder.lower() not in own
        )
    ]


def move_in(timeline: Timeline) -> Sequence[str]:
    """Put a file into each of these folders; their paths. Raises what the guest layer raises."""
    places = [f"{folder}\\{timeline.nonce}.txt" for folder in vendors_folders(timeline.session.profile)]
    for place in places:
        timeline.session.guest.write_file(place, timeline.nonce.encode())
    return places


def move_out(timeline: Timeline, places: Sequence[str]) -> Sequence[str]:
    """Take the files away, and folders that hold nothing else; returns those that were gone already."""
    guest = timeline.session.guest
    gone = [facts.path for facts in (guest.files(*places) if places else ()) if not facts.exists]
    for place in places:
        guest.run(["cmd", "/c", "del", "/f", "/q", place], timeout_s=30)
        guest.run(["cmd", "/c", "rmdir", ntpath.dirname(place)], timeout_s=30)  # refused unless it is empty
    return gone
