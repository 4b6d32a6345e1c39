"""The Wine image is built while most Python packages are still being installed."""

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

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


def test_an_image_that_cannot_be_kept_is_said_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    ended = subprocess.run(
        [sys.executable, "-m", "harness.machines.wine"],
        cwd=ROOT,
        env={"BVT_HOME": str(file / "state")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 2
    assert "cannot keep its state here" in ended.stderr
    assert "Traceback" not in ended.stderr
