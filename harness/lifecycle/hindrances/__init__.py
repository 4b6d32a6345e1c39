"""What keeps an installer from its end: one file each.

A new one is a file, a line here, and its name in `model/dirt.py`.
"""

from collections.abc import Callable, Mapping

from harness.lifecycle.attempt import Attempt
from harness.lifecycle.hindrances import full_disk, kill, obstacle, properties
from harness.lifecycle.timeline import Timeline
from harness.model.steps import Step

HINDRANCES: Mapping[str, Callable[[Timeline, Step], Attempt]] = {
    "obstacle": obstacle.hinder,
    "property": properties.hinder,
    "full-disk": full_disk.hinder,
    "kill": kill.hinder,
}
