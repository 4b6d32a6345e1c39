"""What customers set: written into the guest as they would, before a step that must keep it."""

import codecs
from collections.abc import Collection

from harness.guest.system_tools import REG
from harness.lifecycle.timeline import Timeline
from harness.model.profile import AgentProfile

COMMAND_S = 30.0
LARGEST = 4 * 1024 * 1024
"""Bytes of a file that people edit."""


def set_as_customers_do(timeline: Timeline, services: Collection[str]) -> None:
    """Write every setting, and each line of a file, that the profile declares. Raises what the guest layer raises.

    `services`: those that the installed release makes, in lower case; of others nobody can set anything.
    """
    guest, upgrade = timeline.session.guest, timeline.session.profile.upgrade
    for setting in upgrade.settings:
        if setting.service and setting.service not in services:
            continue
        place = [REG, "add", setting.key, "/v", setting.name, "/t", setting.type, "/d", setting.value, "/f"]
        guest.run(place, timeout_s=COMMAND_S)
    for file in upgrade.edited_files:
        before = read_edited(timeline, file.path)
        guest.write_file(file.path, with_line(before or b"", file.line))


def set_on_service(profile: AgentProfile, service: str) -> frozenset[str]:
    """Which values of a service's own key customers set, in lower case. Pure."""
    return frozenset(
        each.name.lower() for each in profile.upgrade.settings if each.service == service.lower()
    )


def read_edited(timeline: Timeline, path: str) -> bytes | None:
    """What the file holds; None if it is not there."""
    guest = timeline.session.guest
    (facts,) = guest.files(path)
    return guest.read_file(path, limit_bytes=LARGEST) if facts.exists else None


def with_line(content: bytes, line: str) -> bytes:
    """The same file with one line more at its end, in its own encoding and with its own line breaks. Pure."""
    encoding = encoding_of(content)
    of_windows, of_others = "\r\n".encode(encoding), "\n".encode(encoding)
    end = "\n" if of_others in content and of_windows not in content else "\r\n"
    separated = not content or content.endswith(of_others)
    return content + f"{'' if separated else end}{line}{end}".encode(encoding)


def has_line(content: bytes, line: str) -> bool:
    """Whether one of its lines is this one, blanks around it aside. Pure."""
    text = content.decode(encoding_of(content), errors="replace")
    return any(each.strip().removeprefix("\ufeff") == line.strip() for each in text.splitlines())


def encoding_of(content: bytes) -> str:
    """UTF-16 where it begins so, or else UTF-8. Pure."""
    return "utf-16-le" if content.startswith(codecs.BOM_UTF16_LE) else "utf-8"
