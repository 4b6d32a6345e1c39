"""The plan: the sealed list of cells that a candidate must pass."""

import hashlib
import json

from pydantic import Field

from harness.model.base import Frozen
from harness.model.candidate import Candidate
from harness.model.matrix import FULL, Requirement
from harness.model.release import ReleaseName
from harness.model.report import Phase
from harness.model.steps import Step
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion

CELLS = "cells"
"""The folder of a run directory that holds one folder per cell."""


def cell_folder(cell_id: str) -> str:
    """A cell id as a file name: `win11-24h2/fresh` is `win11-24h2__fresh`. No cell id holds an underscore."""
    return cell_id.replace("/", "__")


def cell_of_folder(name: str) -> str:
    """The cell id that `cell_folder` made this name of."""
    return name.replace("__", "/")


class Cell(Frozen):
    """One point of the matrix. `id` is stable: it names only what the cell is."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.+-]*(/[a-z0-9][a-z0-9.+-]*)+$")
    image: str
    windows: WindowsVersion
    scenario: str
    axes: dict[str, str] = Field(default_factory=dict, description="further axes only")
    phases: tuple[Phase, ...] = Field(description="of the steps that are judged, in their order")
    steps: tuple[Step, ...] = Field(default=(), description="all of the scenario's")
    reboots: int = Field(default=1, ge=1, description="how often in a row phase `reboot` reboots")
    requirement: Requirement
    reason: str = ""
    lacks: str = Field(default="", description="why the cell cannot be run: a release that is missing")
    substrates: tuple[Substrate, ...] = Field(description="a result on any other substrate does not count")
    checks: tuple[str, ...] = Field(description="ids of the checks that must have a result")
    watching: tuple[str, ...] = Field(
        default=(),
        description="those of them that only watch what the others provoke, so they prove no phase",
    )

    @property
    def required(self) -> bool:
        """True if the gate needs this cell."""
        return self.requirement is Requirement.REQUIRED


class Plan(Frozen):
    """Candidate, cells, and the digests of everything that the verdict depends on."""

    schema_version: int = 2
    candidate: Candidate
    releases: dict[ReleaseName, Candidate] = Field(
        default_factory=dict, description="earlier releases that cells start from"
    )
    profile: str
    profile_sha256: str
    matrix_sha256: str
    checks_sha256: str
    pool: str
    suite: str = Field(default=FULL, description="which part of the matrix this plan is; `full` is all of it")
    cells: tuple[Cell, ...]
    left_out: tuple[str, ...] = Field(
        default=(), description="ids of the pool's cells that are not of this suite: nothing is said of them"
    )

    @property
    def is_full(self) -> bool:
        """True if the plan asks for every cell that its pool serves."""
        return self.suite == FULL

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's canonical JSON, the paths of candidate and releases left out."""
        document = self.model_dump(mode="json")
        for installer in (document["candidate"], *document["releases"].values()):
            del installer["path"]
            if installer["inventory"] is None:
                del installer["inventory"]  # as in plans of before there were any, which others have signed
            if not installer["signature"]["lapsed"]:
                del installer["signature"]["lapsed"]  # the same
        return hashlib.sha256(
            json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()
