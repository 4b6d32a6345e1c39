"""The installed product: exit code, entry, files, registry, ports, crashes."""

from harness.cell.check import NotApplicable, NotTested, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.boots import assert_reboot_declared
from harness.checks.expectation import listed, mismatch, note_children, told
from harness.checks.ports import DECLARE, ON_LOOPBACK, exposed_ports
from harness.lifecycle.timeline import Timeline
from harness.model.candidate import InstallerKind
from harness.model.report import Phase
from harness.model.version_text import same_version, states_version
from harness.probe.answers.files import FileFacts
from harness.probe.answers.registry import UninstallEntry
from harness.residue.snapshot import crash_name
from harness.rundir.payload import package_doubt

PHASE = Phase.INSTALL
VERSIONED = declares("file with a version", lambda profile: any(file.version for file in profile.files))


@check("The installer is whole: nothing in it was changed since it was signed", first=True, once=True)
def test_package_intact(cell: CellSession) -> None:
    signature, name = cell.candidate.signature, cell.candidate.path.name
    if not signature.present:
        raise NotApplicable(f"{name} carries no signature that could tell")
    assert signature.intact, mismatch(
        f"{name} is as it was signed",
        f"it was changed or damaged after {signature.subject or 'its signer'} signed it, so it was not installed."
        f"{package_doubt(cell.run)}",
    )


@check("The installer succeeds", first=True)
def test_exit_code(cell: CellSession, timeline: Timeline) -> None:
    result = timeline.installation
    cell.note("exit code", f"{result.exit_code} ({result.meaning.text})")
    note_children(cell, result)
    assert result.succeeded, mismatch(
        "the installer ends with success", f"{told(cell, result)}.{package_doubt(cell.run)}"
    )


@check(
    "The installer that says that it succeeded installed something",
    declared=declares("services or files", lambda profile: profile.services or profile.files),
    first=True,
    msi_only="an EXE installer's product code is known only from its entry",
)
def test_something(cell: CellSession, timeline: Timeline) -> None:
    profile, seen = cell.profile, timeline.inspection
    declared = [*(each.name for each in profile.services), *(each.path for each in profile.files)]
    there = any(seen.service(each.name) for each in profile.services)
    there = there or any((found := seen.file(each.path)) and found.exists for each in profile.files)
    assert there or _registered(cell, timeline), mismatch(
        "the installer installs the product",
        "it ended with success and installed nothing: Windows Installer knows no such product, and there is none of"
        f" {listed(declared)}",
    )


@check("Other programs keep the environment that they had")
def test_environment(cell: CellSession, timeline: Timeline) -> None:
    harmed = timeline.baseline.surroundings.harmed(timeline.surroundings, cell.profile.keeps)
    assert not harmed, mismatch(
        "the environment that all programs share keeps what it had", "; ".join(harmed)
    )


@check("The system's own programs are untouched")
def test_system_programs(timeline: Timeline) -> None:
    tampered = timeline.baseline.surroundings.tampered(timeline.surroundings)
    assert not tampered, mismatch("the system's own programs are as they were", listed(tampered))


@check("Add/Remove Programs holds exactly one entry")
def test_entry_unique(cell: CellSession, timeline: Timeline) -> None:
    name = cell.profile.product_name
    entries = [entry for entry in timeline.inspection.entries if entry.display_name == name]
    found = [entry.key for entry in entries if not entry.system_component]
    stated = cell.candidate.product_name
    doubt = (
        f". The installer calls it {stated!r}: is {cell.profile.name!r} its profile?"
        if stated != name
        else ""
    )
    declared = cell.profile.installer.hidden_entry
    if hidden := [entry.key for entry in entries if entry.system_component]:
        cell.note("hidden entries", ", ".join(hidden))
    if declared and not found and (len(hidden) == 1 or (not hidden and _may_have_none(cell))):
        cell.excuse("Add/Remove Programs does not show it", declared)
        return
    assert found or not hidden, mismatch(
        f"one entry named {name!r}",
        f"only one that is not shown (SystemComponent is set): {listed(hidden)}. One that is meant to be so stands in"
        " the profile (installer.hidden_entry), with a reason",
    )
    assert len(found) == 1, mismatch(f"one entry named {name!r}", f"{len(found)}: {listed(found)}{doubt}")


@check("The entry shows the candidate's version")
def test_entry_version(cell: CellSession, timeline: Timeline) -> None:
    name = cell.profile.product_name
    shown = {entry.display_version for entry in timeline.inspection.entries if entry.display_name == name}
    wrong = [each for each in shown if not same_version(each or "", cell.candidate.version)]
    expected = f"Add/Remove Programs shows version {cell.candidate.version}, the candidate's"
    if not shown and cell.profile.installer.hidden_entry and _may_have_none(cell):
        raise NotApplicable("by the profile there is no entry that could show it")
    assert shown, mismatch(expected, f"no entry named {name!r}")
    if cell.candidate.kind is InstallerKind.EXE and not any(shown):
        raise NotApplicable(
            "the installer's entry states no version, and nothing makes an EXE installer write one"
        )
    assert not wrong, mismatch(expected, f"version {listed(str(each) for each in shown)}")


@check("Every declared file is there", declared=declares("files", lambda profile: profile.files))
def test_files(cell: CellSession, timeline: Timeline) -> None:
    missing = [
        file.path
        for file in cell.profile.files
        if (found := timeline.inspection.file(file.path)) is None or not found.exists
    ]
    assert not missing, mismatch("every declared file is there", f"missing: {listed(missing)}")


@check("Installed programs carry the candidate's version", declared=VERSIONED)
def test_file_versions(cell: CellSession, timeline: Timeline) -> None:
    for path in (file.path for file in cell.profile.files if file.version):
        found = timeline.inspection.file(path)
        shown = _resource_version(found) if found else ""
        assert same_version(shown, cell.candidate.version), mismatch(
            f"{path} has version {cell.candidate.version}, the candidate's", f"version {shown or 'none'}"
        )


@check(
    "The product is registered under its product code",
    msi_only="an EXE installer registers no product code",
)
def test_product_registered(cell: CellSession, timeline: Timeline) -> None:
    code, found = cell.candidate.product_code, _registered(cell, timeline)
    assert found, mismatch(f"Windows Installer knows the product {code}", "it knows no such product")
    assert found[0].windows_installer == 1, mismatch(
        f"the entry {code} is marked as Windows Installer's", "it is not"
    )


@check(
    "Every declared registry value is there",
    declared=declares("registry values", lambda profile: profile.registry),
)
def test_registry(cell: CellSession, timeline: Timeline) -> None:
    # A key with several values is exported once: each export is a round trip.
    names = dict.fromkeys(each.key for each in cell.profile.registry)
    keys = {name: cell.guest.registry.export(name) for name in names}
    for expected in cell.profile.registry:
        value = keys[expected.key].value(expected.key, expected.name)
        place = f"{expected.key}\\{expected.name}"
        assert value is not None, mismatch(f"{place} is there", "it is missing")
        if expected.equals is not None:
            wanted = timeline.render(expected.equals)
            assert str(value.data) == wanted, mismatch(
                f"{place} holds the declared value", "it holds another one"
            )


@check(
    "The running program states the candidate's version",
    declared=declares("version command", lambda profile: profile.version_command),
)
def test_running_version(cell: CellSession, timeline: Timeline) -> None:
    result = cell.guest.run(cell.profile.version_command, timeout_s=30)
    assert result.ok, mismatch(f"{result.command} ends with 0", f"it ended with {result.exit_code}")
    # Some programs, Java's and nginx among them, print their version to the error output.
    said = f"{result.stdout}\n{result.stderr}".strip()
    timeline.said["its version"] = said
    pattern = cell.profile.version_pattern
    asked = f", of which {pattern!r} picks the version" if pattern else ""
    assert states_version(said, cell.candidate.version, pattern), mismatch(
        f"{result.command} says {cell.candidate.version}, the candidate's version", f"it says {said!r}{asked}"
    )


@check("The agent listens on loopback only", requires=["install.service_running"])
def test_loopback_ports(cell: CellSession, timeline: Timeline) -> None:
    pids = timeline.inspection.agent_pids(cell.profile)
    expected = any(service.running for service in cell.profile.services)
    assert pids or not expected, mismatch(
        "a process of the agent, whose ports can be looked at",
        f"none is running; {_services(cell, timeline)}",
    )
    listeners = timeline.inspection.agent_listeners(cell.profile, timeline.baseline.snapshot.listeners)
    if not pids and not listeners:
        raise NotTested("the profile declares no service that runs, and no program of the agent does")
    cell.note("listeners", len(listeners))
    exposed = exposed_ports(cell, listeners)
    assert not exposed, mismatch(ON_LOOPBACK, f"it listens on {listed(exposed)}{DECLARE}")


@check("No crash dump or error report appeared")
def test_no_crash(timeline: Timeline) -> None:
    before = timeline.baseline.snapshot.crashes
    new = [crash.path for crash in timeline.inspection.crashes if crash_name(crash) not in before]
    assert not new, mismatch("no crash file", f"new ones: {listed(new)}")


@check("No program or package is left in the folders for temporary files")
def test_extraction_leftovers(timeline: Timeline) -> None:
    left = sorted(timeline.dropped)
    assert not left, mismatch(
        "no program or package in the folders for temporary files", f"the installer left {listed(left)}"
    )


@check("Installing asks for no reboot that is not declared")
def test_no_pending_reboot(cell: CellSession, timeline: Timeline) -> None:
    result = timeline.installation
    declared = "install" in cell.profile.installer.reboot_after
    if cell.candidate.kind is InstallerKind.EXE and not result.reboot_needed and not declared:
        raise NotApplicable("an EXE installer does not say whether it needs a reboot")
    assert_reboot_declared(cell, timeline, "install", result)


def _may_have_none(cell: CellSession) -> bool:
    """Whether nobody but the installer itself makes an entry: Windows Installer always does."""
    return cell.candidate.kind is InstallerKind.EXE


def _registered(cell: CellSession, timeline: Timeline) -> list[UninstallEntry]:
    """The entry under the candidate's product code."""
    code = cell.candidate.product_code.lower()
    return [entry for entry in timeline.inspection.entries if entry.key.lower() == code]


def _resource_version(found: FileFacts) -> str:
    """The version resource's; a program with none of its product carries its own."""
    stated = (found.product_version, found.file_version)
    return next((version for version in stated if version and version != "0.0.0.0"), "")  # noqa: S104 - no address


def _services(cell: CellSession, timeline: Timeline) -> str:
    """What the service manager says by now of the services that should run: they ran a moment ago."""
    running = (service.name for service in cell.profile.services if service.running)
    return "; ".join(f"service {name}: {timeline.service_words(name)}" for name in running)
