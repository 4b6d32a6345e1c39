from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st

from harness.images.installed import confirmed
from harness.images.marker import FirstBoot
from harness.images.record import ImportDescription, imported_manifest, read_import, windows_manifest
from harness.images.wim import Medium, WimImage
from harness.machines.libvirt.image.manifest import ImageManifest
from harness.machines.libvirt.image.seal import FileSeal
from harness.model.errors import ConfigurationError, InfrastructureError
from tests.unit.images.samples import ACCOUNT, NAMES, PASSWORD, certificate, recipe, signer

CHOSEN = WimImage(index=6, name="Windows 10 Pro", build=19041, revision=2965)
SEAL = {"disk.qcow2": FileSeal(sha256="0" * 64, size=1)}
DESCRIPTION = """\
hardware: {machine: q35, firmware: uefi, disk_bus: sata, panic_model: hyperv}
winrm: {port: 5986, username: bvt, tls: true}
facts: {build: "19045"}
changes: [WinRM over HTTPS]
"""


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_says_every_change_and_the_mediums_digest(name: str) -> None:
    said = FirstBoot(done=True, facts={"build": str(recipe(name).build), "noted": ""})
    medium = {"iso": Medium(sha256="ab" * 32, size=1, images=())}
    manifest = windows_manifest(recipe(name), "pro", said, medium, CHOSEN, SEAL, "bvt", "tcg", signer())
    assert len(manifest.changes) == len(recipe(name).surface_changes)
    assert manifest.facts["iso_sha256"] == "ab" * 32
    assert manifest.facts["installed_on"] == "tcg"
    assert manifest.facts["image"] == "6 Windows 10 Pro 19041.2965"
    assert "noted" not in manifest.facts
    assert manifest.recipe_digest == recipe(name).digest
    assert PASSWORD not in manifest.model_dump_json()
    assert ImageManifest.model_validate_json(manifest.model_dump_json()).digest == manifest.digest


def test_the_guests_word_is_taken_where_the_disk_cannot_be_read(tmp_path: Path) -> None:
    said = FirstBoot(done=True, facts={"build": "7601"})
    facts = confirmed(recipe("win7-sp1"), said, tmp_path / "none.qcow2").facts
    assert facts["read_from"] == "guest"
    assert facts["disk_not_read"]


def test_another_build_than_the_recipes_is_no_image_of_it(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="build 9600, but image win7-sp1 is build 7601"):
        confirmed(recipe("win7-sp1"), FirstBoot(facts={"build": "9600"}), tmp_path / "none.qcow2")


def test_the_endpoints_key_opens_with_the_accounts_password_only() -> None:
    key, found, _ = pkcs12.load_key_and_certificates(certificate().pfx, PASSWORD.encode())
    assert key is not None
    assert found is not None
    assert found.fingerprint(hashes.SHA1()).hex().upper() == certificate().thumbprint
    assert x509.load_pem_x509_certificate(certificate().pem) == found
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_key_and_certificates(certificate().pfx, b"another")


def written(folder: Path, text: str) -> Path:
    file = folder / "import.yaml"
    file.write_bytes(text.encode())
    return file


def test_a_description_makes_a_manifest(tmp_path: Path) -> None:
    said = read_import(written(tmp_path, DESCRIPTION))
    assert isinstance(said, ImportDescription)
    manifest = imported_manifest("mine", said, SEAL)
    assert manifest.changes == ("WinRM over HTTPS",)
    assert manifest.facts == {"build": "19045"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DESCRIPTION.replace("changes: [WinRM over HTTPS]", "changes: []"), "changes"),
        (DESCRIPTION.replace("uefi", "coreboot"), "hardware.firmware"),
        ("{", r"import\.yaml:1: this is not valid YAML"),
        ('{"recipe_digest": "x"}', "import.yaml:1: "),
        ("[]", "import.yaml"),
    ],
)
def test_a_description_that_says_too_little_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_import(written(tmp_path, text))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_description_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    with suppress(ConfigurationError):
        assert read_import(written(tmp_path_factory.mktemp("description"), text))


def test_passwords_are_not_in_the_accounts_text() -> None:
    assert PASSWORD not in f"{ACCOUNT!r} {ACCOUNT}"
