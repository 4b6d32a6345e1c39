"""Domain definitions from typed data."""

import re
from pathlib import Path

import pytest
from lxml import etree

from harness.machines.libvirt.clone.domain import DomainSpec, Memory
from harness.machines.libvirt.clone.domain_xml import QEMU, domain_xml, shape_digest, validate
from harness.machines.libvirt.image.manifest import DiskBus, Firmware, Hardware
from harness.model.errors import InfrastructureError
from harness.model.machine import HostPort

WINE_GUEST = DomainSpec(
    name="bvt-1",
    run_id="run",
    cell_id="win11-24h2/fresh",
    kvm=False,
    hardware=Hardware(firmware=Firmware.KERNEL, kernel_arguments="root=/dev/vda"),
    memory_mb=1024,
    cpus=1,
    disk=Path("/m/disk.qcow2"),
    kernel=Path("/i/vmlinuz"),
    initrd=Path("/i/initrd.img"),
    media=Path("/m/media.iso"),
    serial_log=Path("/m/serial.log"),
    memory=Memory.CLONE,
    memory_file=Path("/t/ram"),
    relay=HostPort(host="127.0.0.1", port=4433),
)
WINDOWS = DomainSpec(
    name="bvt-2",
    kvm=True,
    windows=True,
    hardware=Hardware(
        machine="q35", firmware=Firmware.UEFI_SECURE, tpm=True, disk_bus=DiskBus.SATA, panic_model="hyperv"
    ),
    memory_mb=4096,
    cpus=2,
    disk=Path("/m/disk.qcow2"),
    installation_media=(Path("/iso/windows.iso"), Path("/iso/answers.iso")),
    serial_log=Path("/m/serial.log"),
)
SPECS = {
    "wine-guest clone": WINE_GUEST,
    "wine-guest template": WINE_GUEST.model_copy(update={"memory": Memory.TEMPLATE}),
    "wine-guest capsule in the making": WINE_GUEST.model_copy(update={"memory": Memory.LAID_OUT}),
    "wine-guest boot": WINE_GUEST.model_copy(update={"memory": Memory.PLAIN, "media": None}),
    "wine-guest under KVM": WINE_GUEST.model_copy(update={"kvm": True}),
    "Windows installation": WINDOWS,
    "Windows under emulation": WINDOWS.model_copy(update={"kvm": False}),
    "Windows with BIOS": WINDOWS.model_copy(update={"hardware": Hardware(disk_bus=DiskBus.SATA)}),
}


def arguments(spec: DomainSpec) -> list[str]:
    root = etree.fromstring(domain_xml(spec).encode())
    return [element.get("value", "") for element in root.iter(f"{{{QEMU}}}arg")]


@pytest.mark.libvirt
@pytest.mark.parametrize("name", SPECS)
def test_every_definition_is_valid_by_libvirts_own_schema(name: str, tmp_path: Path) -> None:
    validate(domain_xml(SPECS[name]), tmp_path)


@pytest.mark.libvirt
def test_a_definition_that_libvirt_does_not_know_is_refused(tmp_path: Path) -> None:
    xml = domain_xml(WINE_GUEST).replace("<on_crash>preserve", "<on_crash>celebrate")
    with pytest.raises(InfrastructureError, match="not valid"):
        validate(xml, tmp_path)


def test_the_guest_reaches_the_backend_and_nothing_else() -> None:
    network = next(argument for argument in arguments(WINE_GUEST) if argument.startswith("user,"))
    assert "restrict=on" in network
    assert "hostfwd=tcp:127.0.0.1:0-10.0.2.15:5986" in network
    assert "guestfwd=tcp:10.0.2.100:443-cmd:/usr/bin/socat -t 1 - TCP:127.0.0.1:4433" in network
    alone = arguments(WINE_GUEST.model_copy(update={"relay": None}))
    assert not any("guestfwd" in argument for argument in alone)


def test_a_clone_maps_the_templates_memory_copy_on_write() -> None:
    clone, template = arguments(WINE_GUEST), arguments(SPECS["wine-guest template"])
    assert any("mem-path=/t/ram,share=off" in argument for argument in clone)
    assert "defer" in clone
    assert any("mem-path=/t/ram,share=on" in argument for argument in template)
    assert "defer" not in template


def test_every_machine_has_a_hardware_uuid_of_its_own_whatever_it_is_made_from() -> None:
    def uuid(spec: DomainSpec) -> str | None:
        return etree.fromstring(domain_xml(spec).encode()).findtext("uuid")

    clone, booted = SPECS["wine-guest clone"], SPECS["wine-guest boot"]
    assert uuid(clone) == uuid(booted) == str(clone.hardware_uuid)  # so it stays when a clone boots anew
    assert uuid(clone) != uuid(clone.model_copy(update={"name": "bvt-3"}))
    assert "-smbios" not in arguments(clone)  # it would be another one than libvirt's


def test_emulated_guests_get_the_processor_that_works() -> None:
    root = etree.fromstring(domain_xml(WINE_GUEST).encode())
    assert root.findtext("cpu/model") == "Nehalem"
    assert root.get("type") == "qemu"


def element(spec: DomainSpec, path: str) -> etree._Element | None:
    return etree.fromstring(domain_xml(spec).encode()).find(path)


def test_windows_under_kvm_gets_the_whole_hyper_v_interface_that_its_panic_device_promises() -> None:
    hyperv = element(WINDOWS, "features/hyperv")
    assert hyperv is not None
    assert {child.tag for child in hyperv if child.get("state") == "on"} == {
        "relaxed",
        "vapic",
        "spinlocks",
        "vpindex",
        "runtime",
        "synic",
        "stimer",
        "frequencies",
    }
    clock = element(WINDOWS, "clock/timer[@name='hypervclock']")
    assert clock is not None
    assert clock.get("present") == "yes"


def test_windows_can_tell_where_its_kernel_is_for_a_dump_from_outside() -> None:
    for name, spec in SPECS.items():
        found = element(spec, "features/vmcoreinfo")
        assert (found is not None) == spec.windows, name


def test_windows_does_not_see_that_it_could_nest() -> None:
    for name in ("vmx", "svm"):
        feature = element(WINDOWS, f"cpu/feature[@name='{name}']")
        assert feature is not None
        assert feature.get("policy") == "disable"


def test_windows_is_given_nothing_that_a_saved_state_cannot_hold() -> None:
    """The table in docs/lab.md: what is not given, and why."""
    page = (Path(__file__).parents[3] / "docs" / "lab.md").read_text("utf-8")
    table = page[page.index("| not given | because |") :].partition("\n\n")[0]
    told = set(re.findall(r"`([a-z]+)`", "".join(line.split("|")[1] for line in table.splitlines())))
    assert told == {"vmx", "svm", "invtsc", "reenlightenment", "evmcs", "tlbflush"}
    features = element(WINDOWS, "cpu")
    hyperv = element(WINDOWS, "features/hyperv")
    assert features is not None
    assert hyperv is not None
    assert hyperv.get("mode") == "custom"
    asked = {each.get("name") for each in features.findall("feature") if each.get("policy") != "disable"}
    assert not told & (asked | {each.tag for each in hyperv})


@pytest.mark.parametrize("name", ["wine-guest clone", "wine-guest under KVM", "Windows under emulation"])
def test_no_other_machine_is_told_of_hyper_v(name: str) -> None:
    assert element(SPECS[name], "features/hyperv") is None
    assert element(SPECS[name], "cpu/feature") is None
    assert element(SPECS[name], "clock/timer[@name='hypervclock']") is None


@pytest.mark.parametrize("cpus", [1, 2, 6])
@pytest.mark.parametrize("kvm", [True, False])
def test_windows_has_one_socket(cpus: int, kvm: bool) -> None:
    topology = element(WINDOWS.model_copy(update={"cpus": cpus, "kvm": kvm}), "cpu/topology")
    assert topology is not None
    assert dict(topology.items()) == {"sockets": "1", "dies": "1", "cores": str(cpus), "threads": "1"}


def test_clones_of_one_template_have_one_shape() -> None:
    other = WINE_GUEST.model_copy(
        update={
            "name": "bvt-9",
            "disk": Path("/elsewhere"),
            "media": None,
            "relay": None,
            "memory": Memory.TEMPLATE,
            "memory_file": Path("/x"),
            "cell_id": "y/z",
            "tsc_khz": 2_500_001,
        }
    )
    assert shape_digest(other) == shape_digest(WINE_GUEST)


@pytest.mark.parametrize(("khz", "told"), [(0, ""), (2_596_124, " tsc_early_khz=2596124")])
def test_a_kernel_is_told_how_fast_its_processors_counter_runs(khz: int, told: str) -> None:
    line = element(WINE_GUEST.model_copy(update={"tsc_khz": khz}), "os/cmdline")
    assert line is not None
    assert line.text == "root=/dev/vda" + told


@pytest.mark.parametrize("change", [{"memory_mb": 2048}, {"cpus": 2}, {"kvm": True}, {"winrm_port": 5985}])
def test_another_shape_needs_another_template(change: dict[str, object]) -> None:
    assert shape_digest(WINE_GUEST.model_copy(update=change)) != shape_digest(WINE_GUEST)


def test_text_from_outside_cannot_become_markup() -> None:
    hostile = WINE_GUEST.model_copy(update={"cell_id": '"/><disk/>', "disk": Path("/a<b>&c")})
    root = etree.fromstring(domain_xml(hostile).encode())
    assert root.find("devices/disk/source").get("file") == "/a<b>&c"  # type: ignore[union-attr]
