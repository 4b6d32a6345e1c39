"""The whole way of `bvt image build` under a real libvirt, with a medium that is not Windows."""

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import libvirt
import libvirt_qemu
import pytest

from harness.images import installation, resting
from harness.images.installation import install
from harness.images.record import DISK
from harness.images.resting import rest_of_windows
from harness.images.running import SERIAL_LATER, Order, running
from harness.machines.intent import IntentFile, read_intents
from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.clone.domain_xml import domain_xml, validate
from harness.machines.libvirt.host.events import DomainHistory
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.qmp import monitor
from harness.machines.libvirt.image.store import ImageStore
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, DeadlineExceeded, InfrastructureError
from harness.state import StateDirectory
from tests.integration.images.dummy_media import uefi_windows_iso, virtio_iso, windows_iso
from tests.unit.images.samples import BUILD_ID, NAMES, recipe
from tests.unit.libvirt.test_lab_windows_guest import Agent

pytestmark = pytest.mark.libvirt
WIN7 = recipe("win7-sp1")
STEP = f"BVT-STEP {BUILD_ID} 35/35 35-registry"
DONE = (
    f"BVT-DONE {BUILD_ID} build=7601 ubr=24545 edition=Professional last_update=2020-01-14 updates=2 noted="
)


class PlayedSystem:
    """An installed system that is not there: its agent's part is played, its machine really runs and ends."""

    def __init__(self) -> None:
        self.agent = Agent()
        self.pending: list[str] = []
        self.definitions: list[str] = []
        self.ends = True
        self.history: DomainHistory | None = None

    def awaited(self, history: DomainHistory, _name: str, _deadline: Deadline) -> None:
        assert history.ended is None
        self.history = history

    def rest(self, domain: libvirt.virDomain, deadline: Deadline) -> str:
        self.definitions.append(domain.XMLDesc())
        rest_of_windows(domain, deadline)
        return self.pending.pop(0) if self.pending else ""

    def power_down(self, domain: libvirt.virDomain) -> None:
        if self.ends:
            with suppress(libvirt.libvirtError):  # QEMU may be gone before it answers
                monitor(domain, "quit")
            # On a busy host libvirt sees the socket close first, and tells it as a failure.
            history = self.history
            assert history is not None
            with history.changed:
                assert history.changed.wait_for(lambda: history.ended is not None, 60.0)
                history.ended = "shutdown"


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> PlayedSystem:
    played = PlayedSystem()
    monkeypatch.setattr(resting, "await_agent", played.awaited)
    monkeypatch.setattr(resting, "power_down", played.power_down)
    monkeypatch.setattr(installation, "rest_of_windows", played.rest)
    monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", played.agent)
    return played


def order(folder: Path, lines: Sequence[str], *, power_off: bool = True, **more: Any) -> Order:
    return Order(
        **{
            "recipe": WIN7,
            "edition": None,
            "iso": windows_iso(folder, WIN7, lines, power_off=power_off),
            "virtio_iso": virtio_iso(folder, WIN7),
            "screenshots": folder / "screenshots",
            "deadline_s": 60.0,
            "look_every_s": 0.2,
            "build_id": BUILD_ID,
            **more,
        }
    )


def nothing_left(state: StateDirectory, host: Host) -> None:
    assert read_intents(state.intents) == []
    assert not list((state.images / WIN7.name).glob("building*"))
    assert host.connection().listAllDomains() == []
    assert not list(host.nvram_directory.glob("bvt-*"))


def test_an_installation_ends_in_a_sealed_image(folder: Path, state: StateDirectory, host: Host) -> None:
    said: list[str] = []
    image = install(order(folder, [STEP, DONE]), host, state, said.append)
    manifest = image.manifest
    assert manifest.facts["build"] == "7601"
    assert manifest.facts["last_update"] == "2020-01-14"
    assert manifest.facts["edition"] == "Professional"
    assert set(manifest.files) == {"disk.qcow2", "ca.pem"}
    assert {path.name for path in image.directory.iterdir()} <= {
        *manifest.files,
        "manifest.json",
        "checked.json",
    }
    assert image.disk.stat().st_mode & 0o222 == 0
    assert any("step 35 of 35" in line for line in said)
    store = ImageStore(state)
    found = store.find(WIN7.name)
    assert found is not None
    found.verify(thorough=True)
    nothing_left(state, host)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            [f"BVT-FAILED {BUILD_ID} 05-guest-agent msiexec.exe_ended_with_1603"],
            "05-guest-agent: msiexec.exe ended",
        ),
        ([STEP], "shut down before its first-boot script was done"),
        ([DONE.replace("7601", "9600")], "build 9600, but image win7-sp1 is build 7601"),
        ([DONE.replace(BUILD_ID, "bvt-another")], "before its first-boot script was done"),
    ],
)
def test_an_installation_that_went_wrong_makes_no_image(
    lines: Sequence[str], said: str, folder: Path, state: StateDirectory, host: Host
) -> None:
    before = len(ImageStore(state).versions(WIN7.name))
    with pytest.raises(InfrastructureError, match=said):
        install(order(folder, lines), host, state, lambda _: None)
    assert len(ImageStore(state).versions(WIN7.name)) == before
    assert (folder / "screenshots" / "serial.log").is_file()
    assert not (folder / "screenshots" / "answer.iso").exists()
    nothing_left(state, host)


def test_a_guest_that_hangs_is_ended_at_the_deadline_with_its_screen_saved(
    folder: Path, state: StateDirectory, host: Host
) -> None:
    with pytest.raises(DeadlineExceeded, match="step 35 of 35"):
        install(order(folder, [STEP], power_off=False, deadline_s=2.0), host, state, lambda _: None)
    screens = sorted((folder / "screenshots").glob("*.png"))
    assert screens
    assert screens[0].read_bytes().startswith(b"\x89PNG")
    nothing_left(state, host)


def test_media_of_another_version_start_nothing(folder: Path, state: StateDirectory, host: Host) -> None:
    win10 = recipe("win10-22h2")
    wrong = order(folder, [DONE], recipe=win10, virtio_iso=virtio_iso(folder / "w10", win10))
    with pytest.raises(ConfigurationError, match="'Windows 7 PROFESSIONAL' is build 7601"):
        install(wrong, host, state, lambda _: None)
    assert not (folder / "screenshots").exists()


def test_an_evaluation_is_not_given_a_key(folder: Path, state: StateDirectory, host: Host) -> None:
    server = recipe("server-2022")
    iso = windows_iso(folder, server, [], edition_id="ServerStandardEval")
    chosen = order(folder / "7", [], recipe=server, iso=iso, virtio_iso=virtio_iso(folder, server))
    with pytest.raises(ConfigurationError, match=r"takes no key.*standard-eval"):
        install(chosen, host, state, lambda _: None)


def test_images_are_not_built_on_remote_hosts(folder: Path, state: StateDirectory) -> None:
    with pytest.raises(ConfigurationError, match="remote"):
        install(order(folder, [DONE]), Host("qemu+ssh://elsewhere/system", state), state, lambda _: None)


def test_the_installed_system_is_started_without_media_until_it_rests(
    folder: Path, state: StateDirectory, host: Host, system: PlayedSystem
) -> None:
    system.pending = ["servicing"]
    said: list[str] = []
    image = install(order(folder, [STEP, DONE]), host, state, said.append)
    assert image.manifest.facts["rested_after_starts"] == "2"
    assert "restart_pending" not in image.manifest.facts
    assert len(system.definitions) == 2
    for definition in system.definitions:
        assert ".iso" not in definition
        assert definition.count('device="cdrom"') + definition.count("device='cdrom'") == 1
        assert "disk.qcow2" in definition
    assert any("time 2" in line and "servicing" in line for line in said)
    nothing_left(state, host)


def test_a_system_that_never_shuts_down_is_no_image(
    folder: Path, state: StateDirectory, host: Host, system: PlayedSystem
) -> None:
    system.ends = False
    before = len(ImageStore(state).versions(WIN7.name))
    with pytest.raises(DeadlineExceeded, match=r"the shutdown of .*screenshots.*--deadline"):
        install(order(folder, [STEP, DONE], deadline_s=8.0), host, state, lambda _: None)
    assert len(ImageStore(state).versions(WIN7.name)) == before
    assert (folder / "screenshots" / "serial-later.log").is_file()
    nothing_left(state, host)


def test_a_wrong_build_is_not_let_rest(
    folder: Path, state: StateDirectory, host: Host, system: PlayedSystem
) -> None:
    with pytest.raises(InfrastructureError, match="build 9600"):
        install(order(folder, [DONE.replace("7601", "9600")]), host, state, lambda _: None)
    assert system.definitions == []


@pytest.mark.parametrize("name", NAMES)
def test_libvirt_accepts_the_machine_of_every_recipe(name: str, folder: Path) -> None:
    chosen = recipe(name)
    spec = DomainSpec(
        name="bvt-test",
        kvm=False,
        windows=True,
        hardware=chosen.hardware,
        memory_mb=chosen.memory_mb,
        cpus=chosen.cpus,
        disk=folder / "disk.qcow2",
        media=folder / "answer.iso",
        installation_media=(folder / "windows.iso", folder / "virtio.iso"),
        serial_log=folder / "serial.log",
    )
    xml = domain_xml(spec)
    validate(xml, folder)
    assert '<panic model="hyperv"/>' in xml
    assert ("tpm-crb" in xml) == chosen.tpm


def test_an_installation_under_uefi_ends_in_a_sealed_image(
    folder: Path, state: StateDirectory, host: Host
) -> None:
    server = recipe("server-2022")
    done = DONE.replace("7601", "20348")
    iso = uefi_windows_iso(folder, server, [done])
    chosen = order(folder / "7", [], recipe=server, iso=iso, virtio_iso=virtio_iso(folder, server))
    image = install(chosen, host, state, lambda _: None)
    assert image.manifest.hardware.firmware == "uefi"
    assert image.manifest.facts["build"] == "20348"
    nothing_left(state, host)


def test_an_installed_system_starts_with_fresh_uefi_variables(
    folder: Path, state: StateDirectory, host: Host
) -> None:
    r"""No boot entry leads to it, no medium is there: the firmware finds \EFI\BOOT\BOOTX64.EFI, as Windows leaves it."""
    server = recipe("server-2022")
    uefi_windows_iso(folder, server, ["BVT-STARTED from the disk"])
    working = folder / "working"
    working.mkdir()
    disk = [
        "qemu-img",
        "convert",
        "-f",
        "raw",
        "-O",
        "qcow2",
        str(folder / "windows" / "efi.img"),
        str(working / DISK),
    ]
    subprocess.run(disk, check=True, timeout=300)
    chosen = order(
        folder / "7", [], recipe=server, iso=folder / "windows.iso", virtio_iso=folder / "windows.iso"
    )
    intent = IntentFile.begin(
        state.intents, provider="libvirt", run_id="image-build", machine_id="bvt-fresh-uefi"
    )
    try:
        with running(chosen, host, intent, working, installed=True) as machine, machine.history.changed:
            assert machine.history.changed.wait_for(lambda: machine.history.ended is not None, 120)
        assert machine.history.ended == "shutdown"
        assert b"BVT-STARTED from the disk" in (working / SERIAL_LATER).read_bytes()
    finally:
        intent.done()
    nothing_left(state, host)


@pytest.mark.skipif(shutil.which("swtpm_setup") is None, reason="swtpm-tools is not installed")
def test_a_machine_with_secure_boot_and_tpm_starts(folder: Path, state: StateDirectory, host: Host) -> None:
    win11 = recipe("win11-24h2")
    iso = windows_iso(folder, win11, [DONE])
    chosen = order(
        folder / "7", [], recipe=win11, iso=iso, virtio_iso=virtio_iso(folder, win11), deadline_s=2.0
    )
    with pytest.raises(DeadlineExceeded, match="it was in Setup"):
        install(chosen, host, state, lambda _: None)
    definition = (folder / "7" / "screenshots" / "domain.xml").read_text()
    assert 'name="secure-boot"' in definition
    nothing_left(state, host)
