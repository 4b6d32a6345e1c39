"""A small profile that is right, and what is said of it once a part of it is not."""

from pathlib import Path

import pytest

from harness.config import load_profile
from harness.model.errors import ConfigurationError

GOOD = """\
name: tiny
title: Tiny agent
status: exercised
product_name: Tiny Agent
install_dir: C:\\Program Files\\Tiny
services:
  - {name: TinyAgent, start: auto}
guest_files:
  - {path: C:\\t.ini, content: "{backend_host}", restart_service: tinyagent}
"""


def refusal(place: Path, old: str, new: str) -> ConfigurationError:
    """What is said of the profile with `new` in the place of `old`."""
    assert old in GOOD
    (place / "agents" / "tiny.yaml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_profile("tiny", [place])
    return caught.value
