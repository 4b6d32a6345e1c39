"""A gate whose cells upgrade from an earlier release and go back to it, to be bent by tests."""

from pathlib import Path

from harness.model.candidate import Candidate
from harness.model.release import ReleaseName
from harness.model.report import Phase
from tests.unit.gate.samples import CANDIDATE, a_cell

OLD = CANDIDATE.model_copy(
    update={"path": Path("dist/agent-1.2.2.msi"), "sha256": "0a" * 32, "version": "1.2.2"}
)
RELEASES: dict[ReleaseName, Candidate] = {ReleaseName.PREVIOUS: OLD}
UPGRADE = a_cell(
    "win11-24h2/upgrade",
    steps=[
        {"machine": None},
        {"install": "previous"},
        {"upgrade": "candidate", "keeps": ["identity"]},
        {"uninstall": "candidate"},
    ],
    phases=(Phase.MACHINE, Phase.UPGRADE, Phase.UNINSTALL),
    checks=("install.service", "upgrade.exit_code", "uninstall.exit_code"),
)
DOWNGRADE = a_cell(
    "win11-24h2/downgrade",
    steps=[
        {"machine": None},
        {"install": "candidate"},
        {"downgrade": "previous"},
        {"uninstall": "candidate"},
    ],
    phases=(Phase.MACHINE, Phase.INSTALL, Phase.DOWNGRADE, Phase.UNINSTALL),
    checks=(
        "install.service",
        "install.exit_code",
        "uninstall.exit_code",
        "downgrade.exit_code",
        "downgrade.went_back",
    ),
)
