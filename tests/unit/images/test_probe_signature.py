"""The guest probe as it is signed and verified, by a real osslsigncode on a real program."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from pydantic import SecretStr

from harness.images import probe_signature
from harness.images.probe_signature import distrust, signed_probe
from harness.images.probe_signer import ProbeSigner, probe_signer
from harness.images.record import PROBE_SIGNER
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.image.store import ImageStore
from harness.model.errors import InfrastructureError
from harness.model.substrate import GuestSystem
from harness.state import StateDirectory
from tests.programs import ended_well
from tests.unit.images.catalogues import certificate, key
from tests.unit.images.samples import signer as another_signer

COMPILER = "x86_64-w64-mingw32-gcc"
pytestmark = pytest.mark.skipif(
    not (shutil.which(COMPILER) and shutil.which("osslsigncode")),
    reason="mingw-w64 or osslsigncode is missing",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text("int main(void) { return 0; }\n")
    command = [COMPILER, "-s", "-o", "bvt-probe.exe", "probe.c"]
    ended_well(command, 60, cwd=folder)
    return folder / "bvt-probe.exe"


@pytest.fixture
def state(tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    copy = tmp_path / "probe" / program.name
    copy.parent.mkdir()
    shutil.copyfile(program, copy)
    monkeypatch.setattr(probe_signature, "probe_exe", lambda _: copy)
    return StateDirectory(tmp_path / "state")


def test_the_probe_is_signed_once_and_verified_each_time(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = probe_signer(state, {})
    signed = signed_probe(state, made)
    monkeypatch.setattr(probe_signature, "sign", None)  # would be called again
    assert signed_probe(state, made) == signed
    data = bytearray(signed.read_bytes())
    data[0x400] ^= 1  # somewhere in the code
    signed.write_bytes(data)
    with pytest.raises(InfrastructureError, match="is not what was signed"):
        signed_probe(state, made)


def test_a_probe_that_somebody_else_signed_is_refused(
    state: StateDirectory, tmp_path: Path, program: Path
) -> None:
    made = probe_signer(state, {})
    signed = signed_probe(state, made)
    foreign = _team(tmp_path)
    with pytest.raises(InfrastructureError, match=r"is signed by .*agent-bvt guest probe"):
        probe_signature.verify(signed, foreign)
    shutil.copyfile(program, signed)
    with pytest.raises(InfrastructureError, match="is not what was signed"):
        signed_probe(state, made)


def test_a_team_signs_with_its_own_pfx(state: StateDirectory, tmp_path: Path) -> None:
    team = _team(tmp_path)
    signed = signed_probe(state, team)
    assert team.fingerprint[:16] in signed.parent.name
    assert not list(signed.parent.glob("signing-*"))  # where the passphrase was
    assert b"a secret of the team" not in signed.read_bytes()


def test_a_key_that_does_not_sign_is_named_and_no_secret_is_said(
    state: StateDirectory, tmp_path: Path
) -> None:
    team = _team(tmp_path)
    wrong = ProbeSigner(team.options, team.certificate, passphrase=SecretStr("another secret"))
    with pytest.raises(InfrastructureError, match="was not signed") as refused:
        signed_probe(state, wrong)
    assert "another secret" not in str(refused.value)
    assert not list(state.root.rglob("signed-*/bvt-probe.exe"))


def test_an_image_that_trusts_another_signer_is_named(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    assert distrust(state, "win10-22h2", another_signer()) == ""  # not there
    for facts, said in (
        ({PROBE_SIGNER: another_signer().fingerprint}, ""),
        ({PROBE_SIGNER: "ab" * 32}, "trusts another signer of the probe (abababababababab…)"),
        ({}, "trusts no signer of the probe"),
    ):
        _store(state, facts)
        assert said in distrust(state, "win10-22h2", another_signer())
        assert bool(said) == bool(distrust(state, "win10-22h2", another_signer()))


def _team(folder: Path) -> ProbeSigner:
    chosen = certificate("The team", "The team's authority", ("1.3.6.1.5.5.7.3.3",))
    secret = b"a secret of the team"
    path = folder / "team.pfx"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"n", key("The team"), chosen, None, BestAvailableEncryption(secret)
        )
    )
    found = probe_signer(
        StateDirectory(folder), {"BVT_PROBE_KEY": str(path), "BVT_PROBE_PASSPHRASE": secret.decode()}
    )
    assert found.fingerprint == chosen.fingerprint(hashes.SHA256()).hex()
    return found


def _store(state: StateDirectory, facts: dict[str, str]) -> None:
    store = ImageStore(state)
    store.admit(
        store.working_directory("win10-22h2"),
        ImageManifest(
            name="win10-22h2",
            guest_system=GuestSystem.WINDOWS,
            recipe_digest="0" * 64,
            built=datetime.now(UTC),
            files={},
            hardware=Hardware(),
            winrm=WinRMEndpoint(port=5986, username="bvt", tls=True),
            facts=facts,
        ),
    )
