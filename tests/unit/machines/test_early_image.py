"""What `./dev gate` builds on a new machine while other things are being fetched."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
IMPORTED = """
import json, sys
import harness.machines.wine.__main__
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_builder_imports_nothing_but_what_is_installed_first() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    distributions = packages_distributions()
    needed = {name for module in json.loads(asked.stdout) for name in distributions.get(module, ())}
    first = set(re.findall(r"^([a-z][\w.-]*)==", (ROOT / "requirements-build.lock").read_text(), re.M))

    assert "pydantic" in needed
    assert {name.lower().replace("_", "-") for name in needed} - {"agent-bvt"} <= first


@pytest.mark.parametrize("builder", ["harness.machines.wine", "harness.probe"])
def test_what_cannot_be_kept_is_said_in_a_sentence(tmp_path: Path, builder: str) -> None:
    file = tmp_path / "file"
    file.touch()

    ended = subprocess.run(
        [sys.executable, "-m", builder],
        cwd=ROOT,
        env=os.environ | {"BVT_HOME": str(file / "state")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 2
    assert "cannot keep its state here" in ended.stderr
    assert "Traceback" not in ended.stderr
