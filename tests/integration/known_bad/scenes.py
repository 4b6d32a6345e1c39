"""Each shipped scenario in which something goes wrong: the good agent passes it, a defect of its own does not."""

from typing import Any

import yaml

from tests.integration.known_bad.known import KnownBad
from tests.integration.known_bad.profile import SHIPPED

MATRIX_FILE = SHIPPED.parents[1] / "matrix.yaml"
SOAK = {"rest_s": 26, "use_s": 10}
"""Seconds in tests, where the shipped scenario has minutes."""
GREEDY = {"growth_mb": 4000, "data_mb": 4000, "memory_mb": 4000, "soak_growth_mb": 64}


def shipped(scenario: str) -> str:
    """Its steps in one line, without the brackets around them. Raises `KeyError` for none that ships."""
    steps: list[dict[str, Any]] = yaml.safe_load(MATRIX_FILE.read_text("utf-8"))["scenarios"][scenario][
        "steps"
    ]
    short = [step | SOAK if "soak" in step else step for step in steps]
    return yaml.safe_dump(short, default_flow_style=True, width=10_000, allow_unicode=True).strip()[1:-1]


def _bad(scenario: str, defects: set[str], caught: dict[str, str], **more: Any) -> KnownBad:
    return KnownBad(frozenset(defects), (), caught, scenario=scenario, **more)


OF_SCENES: dict[str, KnownBad] = {
    "cut-over-itself": _bad(
        "power-cut-install",
        {"refuses-over-own-files"},
        {"install.exit_code": "the installer ends with success. Found: it ended with 16"},
    ),
    "cut-from-old": _bad(
        "power-cut-upgrade",
        {"needs-old-file"},
        {"upgrade.exit_code": "the installer ends with success. Found: it ended with 16"},
    ),
    "cut-while-leaving": _bad(
        "power-cut-uninstall",
        {"cannot-finish-leaving"},
        {"residue.registry": r"is left after the uninstall\. Found: hklm\\software\\bvt"},
    ),
    "failed-and-marked": _bad(
        "failed-install",
        {"leaves-when-failed"},
        {"residue.registry": r"left after the failed installation\. Found: hklm\\software\\bvt"},
    ),
    "failed-in-silence": _bad(
        "failed-install",
        {"copies-by-hand"},
        {
            "hindered.exit_code": r"a folder stood in the place of .*NOTICE\.txt\. Found: it ended with .*exit code 0"
        },
    ),
    "locked-in": _bad(
        "failed-uninstall",
        {"locks-its-uninstall"},
        {"uninstall.exit_code": "the uninstaller ends with success. Found: it ended with 16"},
    ),
    "stranded": _bad(
        "isolated",
        {"strands-its-host"},
        {"residue.reaches_others": r"after the uninstall the host reaches .* Found: .* was not reached"},
    ),
    "free-again": _bad(
        "isolated-reboot",
        {"forgets-isolation"},
        {"reboot.isolation_lasts": r"still isolated after a reboot\. Found: "},
    ),
    "sourceless": _bad(
        "missing-package",
        {"forgets-its-source"},
        {
            "uninstall.exit_code": "it ended with 1612: the installation source and the cached package are missing"
        },
    ),
    "one-try": _bad(
        "backend-down",
        {"enrols-once-only"},
        {"check-in.enrolled": "the agent enrols at the backend within .* Found: it did not"},
    ),
    "razed": _bad(
        "pending-reboot",
        {"destroyed-at-reboot"},
        {
            "reboot.files": r"is there after the reboot\. Found: missing: .*NOTICE\.txt, .*refagent\.exe",
            "reboot.services": "runs again after the reboot. Found: service BvtRefAgent does not",
        },
    ),
    "afraid-of-ghosts": _bad(
        "ghost-product",
        {"refuses-beside-old"},
        {"install.exit_code": "the installer ends with success. Found: it ended with 16"},
    ),
    "heir": _bad(
        "leftovers",
        {"keeps-old-key"},
        {
            "check-in.enrolled": r"Found: it did not; the backend saw \d+ requests to /\S+ refused: unknown node key"
        },
    ),
    "western": _bad(
        "code-page",
        {"needs-western-code-page"},
        {"install.exit_code": "Action StartServices failed at service BVT Reference Agent"},
    ),
    "settled": _bad(
        "other-folder",
        {"knows-one-place"},
        {"install.exit_code": "Action StartServices failed at service BVT Reference Agent"},
    ),
    "tires": _bad(
        "soak",
        {"falls-silent-later"},
        {"soak.heard": "the agent is heard within .* Found: it is not; the backend saw"},
    ),
    "stumbler": _bad(
        "zeroed-data",
        {"stumbles-over-zeros"},
        {
            "reboot.services": r"every service runs again after the reboot\. Found: service BvtRefAgent does not"
        },
    ),
    "patient": _bad(
        "soak",
        {"waits-for-ever"},
        {"soak.gives_up": r"within 24 s .* it asks again\. Found: it asks for nothing more"},
    ),
    "swells": _bad(
        "soak",
        {"leaks-for-ever", "grows-for-ever", "no-file-events", "leaks-handles"},
        {
            "soak.handles": r"its handles become at most 2000 more\. Found: \d+ more",
            "soak.events": r"changes of files in use are reported\. Found: \d+ never were",
            "soak.memory": r"its memory grows by at most 64 MB\. Found: by \d+\.\d MB",
            "soak.data": r"its data grows by at most 64 MB\. Found: by \d+\.\d MB",
        },
        profile={"health": GREEDY},
    ),
    "gone-by-noon": _bad(
        "soak",
        {"stops-later"},
        {"soak.services": r"service BvtRefAgent still runs after \d+ s\. Found: it is stopped"},
    ),
}
"""Known-bad candidates by name; their scenarios are those that ship."""

GOOD_SCENES: dict[str, KnownBad] = {
    f"scene-{scenario}": KnownBad(frozenset(), (), {}, scenario=scenario)
    for scenario in (*(bad.scenario for bad in OF_SCENES.values()), "reinstall")
}
"""The good agent in each of these scenarios: it must pass."""

NOT_ON_WINE = {
    "full-disk": "which is not there to be filled",
    "failed-install-late": "runs no rollback action",
    "failed-upgrade": "never restores",
    "killed-uninstall": "never restores",
    "hanging-service": "hangs with a service that hangs",
    "another-installation": "runs beside another one",
    "clock-ahead": "has its host's clock",
}
"""Scenarios that are defined and that Wine cannot show → words of the reason, which the report gives."""
