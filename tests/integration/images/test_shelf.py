"""The store of images: import, verify, prune, with real disks."""

import subprocess
from pathlib import Path

import pytest

from harness.images import shelf
from harness.machines.intent import IntentFile
from harness.machines.libvirt.image.store import ImageStore
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory

pytestmark = pytest.mark.libvirt


class TestShelf:
    """Import, verify, prune."""

    DESCRIPTION = (
        "hardware: {machine: q35, firmware: uefi, disk_bus: sata, panic_model: hyperv}\n"
        "winrm: {port: 5986, username: bvt, tls: true}\n"
        "changes: [WinRM over HTTPS]\n"
    )

    @pytest.fixture
    def store(self, tmp_path: Path) -> ImageStore:
        return ImageStore(StateDirectory(tmp_path / "home"))

    @pytest.fixture
    def description(self, folder: Path) -> Path:
        path = folder / "import.yaml"
        path.write_text(self.DESCRIPTION)
        (folder / "winrm.pem").write_text("a certificate")
        return path

    def disk(self, folder: Path, kind: str, marker: str = "x") -> Path:
        raw, path = folder / f"{marker}.raw", folder / f"{marker}.{kind}"
        raw.write_bytes(marker.encode().ljust(1 << 20, b"\0"))
        subprocess.run(
            ["qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(path)], check=True, timeout=300
        )
        return path

    @pytest.mark.parametrize("kind", ["qcow2", "vhdx"])
    def test_a_disk_made_elsewhere_is_taken_in(
        self, kind: str, folder: Path, store: ImageStore, description: Path
    ) -> None:
        image = shelf.import_image(store, "mine", self.disk(folder, kind), description, folder / "winrm.pem")
        image.verify(thorough=True)
        done = subprocess.run(
            ["qemu-img", "info", str(image.disk)],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        assert "file format: qcow2" in done.stdout
        assert image.file("ca.pem") is not None

    def test_tls_without_its_certificate_is_refused(
        self, folder: Path, store: ImageStore, description: Path
    ) -> None:
        with pytest.raises(ConfigurationError, match="certificate is needed"):
            shelf.import_image(store, "mine", self.disk(folder, "qcow2"), description, None)
        assert store.names() == []

    def test_an_image_of_another_store_keeps_its_digest(
        self, folder: Path, store: ImageStore, description: Path
    ) -> None:
        first = shelf.import_image(
            store, "mine", self.disk(folder, "qcow2"), description, folder / "winrm.pem"
        )
        other = ImageStore(StateDirectory(folder / "other"))
        second = shelf.import_image(other, "mine", first.disk, first.directory / "manifest.json", None)
        assert second.manifest.digest == first.manifest.digest

    def test_an_image_of_another_store_that_was_changed_is_refused(
        self, folder: Path, store: ImageStore, description: Path
    ) -> None:
        first = shelf.import_image(
            store, "mine", self.disk(folder, "qcow2"), description, folder / "winrm.pem"
        )
        first.disk.chmod(0o600)
        first.disk.write_bytes(first.disk.read_bytes() + b"!")
        other = ImageStore(StateDirectory(folder / "other"))
        with pytest.raises(ConfigurationError, match="does not match its manifest"):
            shelf.import_image(other, "mine", first.disk, first.directory / "manifest.json", None)
        assert other.names() == []

    def test_a_changed_disk_does_not_verify(self, folder: Path, store: ImageStore, description: Path) -> None:
        image = shelf.import_image(
            store, "mine", self.disk(folder, "qcow2"), description, folder / "winrm.pem"
        )
        shelf.verify(shelf.entries(store), lambda _: None)
        image.disk.chmod(0o600)
        with image.disk.open("r+b") as file:
            file.seek(-1, 2)
            file.write(b"!")
        with pytest.raises(ConfigurationError, match=r"disk.qcow2 has SHA-256 .*an image is never edited"):
            shelf.verify(shelf.entries(store), lambda _: None)

    def test_an_edited_manifest_does_not_verify(
        self, folder: Path, store: ImageStore, description: Path
    ) -> None:
        image = shelf.import_image(
            store, "mine", self.disk(folder, "qcow2"), description, folder / "winrm.pem"
        )
        manifest = image.directory / "manifest.json"
        manifest.write_text(manifest.read_text().replace("WinRM over HTTPS", "nothing"))
        with pytest.raises(ConfigurationError, match="its manifest was edited"):
            shelf.verify(shelf.entries(store), lambda _: None)

    def test_prune_keeps_the_newest_and_what_machines_use(
        self, folder: Path, store: ImageStore, description: Path
    ) -> None:
        images = [
            shelf.import_image(
                store, "mine", self.disk(folder, "qcow2", mark), description, folder / "winrm.pem"
            )
            for mark in ("a", "b", "c")
        ]
        intent = IntentFile.begin(store.state.intents, provider="libvirt", run_id="r")
        intent.add(image=images[0].manifest.digest)
        said: list[str] = []
        assert shelf.prune(shelf.entries(store), said.append) == 1
        assert any("used by" in line for line in said)
        left = {image.manifest.digest for image in store.versions("mine")}
        assert left == {images[0].manifest.digest, images[2].manifest.digest}
