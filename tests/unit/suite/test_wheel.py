"""What an installed harness needs beside its modules is in the wheel."""

import subprocess
import tomllib
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[3]


def test_every_file_that_is_no_module_is_package_data() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns: dict[str, list[str]] = project["tool"]["setuptools"]["package-data"]
    tracked = subprocess.run(
        ["git", "ls-files", "harness"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    data = [PurePath(name) for name in tracked if not name.endswith(".py")]
    assert len(data) > 50

    def shipped(file: PurePath) -> bool:
        return any(
            file.is_relative_to(folder := PurePath(package.replace(".", "/")))
            and file.relative_to(folder).match(pattern)
            and len(file.relative_to(folder).parts) == len(PurePath(pattern).parts)
            for package, found in patterns.items()
            for pattern in found
        )

    assert [str(file) for file in data if not shipped(file)] == []
