"""What may go unsigned, and that a broken signature never may."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.checks import test_install_payload as checks
from harness.model.candidate import InstallerKind, Signature
from harness.model.profile import AgentProfile
from tests.unit.cell.stand_ins import PROFILE

WHY = "a build of the morning, signed only before it is released"
NONE, BROKEN, INTACT = Signature(present=False), Signature(present=True), Signature(present=True, intact=True)


def declaring(**programs: str) -> AgentProfile:
    installer = PROFILE.installer.model_copy(update={"unsigned": WHY})
    return PROFILE.model_copy(update={"installer": installer, "unsigned_programs": programs})


def cell(profile: AgentProfile, signature: Signature = INTACT) -> Any:
    excuses: list[tuple[str, str]] = []
    return SimpleNamespace(
        profile=profile,
        candidate=SimpleNamespace(path=Path("agent.msi"), signature=signature, kind=InstallerKind.MSI),
        excuse=lambda what, why: excuses.append((what, why)),
        note=lambda *_: None,
        run=None,
        excuses=excuses,
    )


def test_an_unsigned_installer_is_excused_by_its_reason() -> None:
    here = cell(declaring(), NONE)
    checks.test_installer_signature(here)
    assert here.excuses == [("agent.msi carries no Authenticode signature", WHY)]
    with pytest.raises(AssertionError, match="carries no Authenticode signature"):
        checks.test_installer_signature(cell(PROFILE, NONE))


def test_a_signature_that_does_not_match_is_not() -> None:
    with pytest.raises(
        AssertionError, match=r"signature of agent\.msi matches the file\. Found: it does not"
    ):
        checks.test_installer_signature(cell(declaring(), BROKEN))


@pytest.mark.parametrize(
    ("signature", "excused", "words"),
    [(NONE, True, ""), (BROKEN, True, "refagent.exe"), (NONE, False, "refagent.exe"), (INTACT, False, "")],
)
def test_programs_likewise(
    monkeypatch: pytest.MonkeyPatch, signature: Signature, excused: bool, words: str
) -> None:
    path = PROFILE.files[0].path
    packed = SimpleNamespace(name="refagent.exe", sha256="a" * 64, signature=signature)
    monkeypatch.setattr(checks, "payload_of", lambda _: [packed])
    here = cell(declaring(**{"REF*.exe": WHY} if excused else {}))
    timeline: Any = SimpleNamespace(
        inspection=SimpleNamespace(file=lambda _: SimpleNamespace(sha256="a" * 64))
    )
    if words:
        with pytest.raises(AssertionError, match=words):
            checks.test_payload_signatures(here)
        with pytest.raises(AssertionError, match=path.rpartition("\\")[2]):
            checks.test_file_signatures(here, timeline)
    else:
        checks.test_payload_signatures(here)
        checks.test_file_signatures(here, timeline)
        assert len(here.excuses) == (2 if excused else 0)
