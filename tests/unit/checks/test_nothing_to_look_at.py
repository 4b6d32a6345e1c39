"""A check that has nothing to look at does not pass: what a profile leaves undeclared is not tested."""

from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.check import NotTested
from harness.checks.catalogue import catalogue
from harness.checks.test_install import test_loopback_ports as loopback_ports
from harness.model.phases import CHANGING
from harness.model.profile import AgentProfile
from harness.model.profile.agent_profile import ProfileStatus
from harness.model.profile.services import ServiceExpectation
from tests.unit.cell.stand_ins import PROFILE

BARE = AgentProfile(
    name="bare",
    title="Bare",
    status=ProfileStatus.UNVERIFIED,
    product_name="Bare",
    install_dir=r"C:\Program Files\Bare",
    services=(ServiceExpectation(name="Bare", running=False),),
)
"""As little as a profile can say."""

ASKED = [
    check
    for check in catalogue()
    if check.phase not in CHANGING
    or f"install.{check.id.partition('.')[2]}" not in {each.id for each in catalogue()}
]
"""Every check once: those of the installation are asked again after a step that changes the product."""

OF_ANY_PROFILE = {
    "upgrade": {"same_endpoint", "old_parts", "installed_soon"},
    "machine": {"windows_version", "clean", "way_to_backend"},
    "install": {
        "environment",
        "system_programs",
        "entry_folder",
        "entry_removes",
        "entry_unique",
        "entry_version",
        "exit_code",
        "extraction_leftovers",
        "foreign_files",
        "foreign_registry",
        "foreign_renames",
        "installer_signature",
        "msi_access",
        "msi_actions",
        "msi_components",
        "msi_properties",
        "msi_services",
        "msi_system",
        "msi_upgrade",
        "package_intact",
        "loopback_ports",
        "no_crash",
        "named_files",
        "no_denials",
        "no_error_events",
        "no_pending_reboot",
        "not_world_writable",
        "owner",
        "payload_complete",
        "payload_content",
        "payload_signatures",
        "product_registered",
    },
    "hindered": {"exit_code", "old_release"},
    "soak": {"gives_up", "handles", "heard", "memory"},
    "check-in": {
        "comes_back",
        "enrolled",
        "enrolment_pace",
        "enrols_again",
        "heartbeat",
        "host_facts",
        "identity",
        "other_certificate",
        "other_certificate_at_enrolment",
        "other_certificate_in_turns",
        "protocol",
        "recovers",
        "rests_in_outage",
        "retry_pace",
        "version",
        "wrong_certificate",
    },
    "functions": set(),
    "reboot": {"comes_back", "once", "same_endpoint"},
    "repair": {"same_endpoint"},
    "uninstall": {
        "clear_text",
        "commands",
        "committed",
        "connections",
        "enrolments",
        "environment",
        "exit_code",
        "foreign_files",
        "foreign_registry",
        "handle_growth",
        "handles",
        "in_touch",
        "loopback_ports",
        "memory",
        "memory_growth",
        "no_crash",
        "no_pending_reboot",
        "open_folders",
        "priority",
        "process_count",
        "footprint",
        "processor",
        "programs",
        "room_elsewhere",
        "still_there",
        "strangers",
        "thread_growth",
        "threads",
        "told_version",
        "traffic",
        "writes",
        "undeclared_services",
    },
    "residue": {
        "accounts",
        "boots",
        "entry",
        "environment",
        "environment_left",
        "files",
        "machine_files",
        "machine_registry",
        "no_crash",
        "nothing_taken",
        "orphans",
        "others_go_on",
        "others_run",
        "pending_renames",
        "processes",
        "sentinel_files",
        "sentinel_service",
        "services",
        "shared_permissions",
        "shared_registry",
        "stays_gone",
        "system_programs",
        "tasks",
    },
    "reboot-clean": {"files", "once", "processes", "sentinel_files", "services"},
}
"""Checks that look at what the candidate, its backend or the machine show, whatever the profile says.

A new check is listed here or says what a profile must declare for it; else it passes for want of anything to look at.
"""
WITH_A_SERVICE = {
    "install.service_path_quoted",
    "install.service_dacl",
    "install.something",
    "uninstall.as_installed",
}


def reasons(profile: AgentProfile) -> dict[str, str]:
    """By check, why it would not be tested."""
    return {check.id: why for check in ASKED if (why := check.declared(profile))}


def test_with_a_bare_profile_nothing_is_tested_that_needs_a_declaration() -> None:
    tested = {check.id for check in ASKED} - set(reasons(BARE))
    expected = {f"{phase}.{name}" for phase, names in OF_ANY_PROFILE.items() for name in names}
    assert tested == expected | WITH_A_SERVICE, "a new check says declared=, or stands in OF_ANY_PROFILE"


def test_an_agent_without_a_service_has_none_that_is_looked_at() -> None:
    why = reasons(BARE.model_copy(update={"services": ()}))
    assert why["install.service_path_quoted"] == "the profile declares no services"
    assert why["install.service_dacl"] == "the profile declares no services and no drivers"


def test_every_reason_says_what_the_profile_does_not_declare() -> None:
    bare = reasons(BARE)
    assert "takes the candidate's place (upgrade.downgrade: clean)" in bare.pop("downgrade.went_back")
    assert all(why.startswith("the profile declares no ") for why in bare.values())


def test_one_word_for_all_that_is_missing_and_the_name_of_what_is_left_out() -> None:
    bare = reasons(BARE)
    assert bare["functions.user"] == bare["functions.service"] == "the profile declares no telemetry"
    assert bare["functions.release"] == "the profile declares no response actions"
    assert bare["functions.configuration_push"] == "the profile declares no configuration"
    assert bare["functions.protocol"] == "the profile declares no functions"
    some = PROFILE.model_copy(
        update={
            "telemetry": {"user": PROFILE.telemetry["user"]},
            "response_actions": {"isolate": PROFILE.response_actions["isolate"]},
            "configuration": PROFILE.configuration.model_copy(update={"invalid": {}}),  # type: ignore[union-attr]
        }
    )
    assert {
        check: why for check, why in reasons(some).items() if check in bare and "telemetry" not in why
    } == {
        "downgrade.went_back": bare["downgrade.went_back"],
        "install.driver_loaded": "the profile declares no drivers",
        "install.declared_access": "the profile declares no access lists",
        "check-in.half_open": "the profile declares no bound for it (check_in.half_open_s)",
        "check-in.renewed_certificate": bare["check-in.renewed_certificate"],
        "functions.release": "the profile declares no response action 'release'",
        "uninstall.isolation_lasts": "the profile declares no response action 'release'",
        "reboot.isolation_lasts": "the profile declares no response action 'release'",
        "functions.isolation_enforced": "the profile declares no response action 'release'",
        "functions.configuration_refused": "the profile declares no invalid configuration",
        "functions.last_good_configuration": "the profile declares no invalid configuration",
    }
    assert reasons(some)["functions.service"] == "the profile declares no telemetry for service"


def test_the_reference_profile_leaves_out_only_what_its_agent_does_not_have() -> None:
    assert set(reasons(PROFILE)) == {
        "install.driver_loaded",
        "install.declared_access",
        "check-in.half_open",  # a soak looks; each cell would wait as long
        "check-in.renewed_certificate",  # it knows one certificate
        "downgrade.went_back",  # its installer refuses
    }


def cell(*services: ServiceExpectation) -> Any:
    profile = BARE.model_copy(update={"services": services})
    return SimpleNamespace(profile=profile, note=lambda *_: None)


def test_services_that_are_not_to_run_are_not_found_running() -> None:
    driven, running = ServiceExpectation(name="OnDemand", running=False), ServiceExpectation(name="Always")
    checks = {"install.service_running", "install.service_restart", "reboot.services"}
    assert checks <= set(reasons(cell(driven).profile))
    assert not checks & set(reasons(cell(driven, running).profile))


def ports(*listeners: str, pids: tuple[int, ...] = ()) -> Any:
    found = [SimpleNamespace(local_address=address, local_port=80) for address in listeners]
    inspection = SimpleNamespace(agent_pids=lambda _: pids, agent_listeners=lambda *_: found)
    baseline = SimpleNamespace(snapshot=SimpleNamespace(listeners=frozenset()))
    words = "it is stopped"
    return SimpleNamespace(inspection=inspection, baseline=baseline, service_words=lambda _: words)


def test_ports_are_looked_at_where_a_program_runs_or_should() -> None:
    with pytest.raises(NotTested, match="no service that runs, and no program of the agent does"):
        loopback_ports(cell(ServiceExpectation(name="OnDemand", running=False)), ports())
    with pytest.raises(
        AssertionError,
        match=r"whose ports can be looked at\. Found: none is running; service Always: it is stopped",
    ):
        loopback_ports(cell(ServiceExpectation(name="Always")), ports())


def test_a_plain_programs_ports_are_looked_at_all_the_same() -> None:
    loopback_ports(cell(), ports(pids=(4,)))
    for pids in ((), (4,)):  # Wine does not tell whose a port is that nothing was sent on
        with pytest.raises(AssertionError, match=r"loopback only\. Found: it listens on 0\.0\.0\.0:80"):
            loopback_ports(cell(), ports("127.0.0.1", "0.0.0.0", pids=pids))
