"""What services, crashes and pending renames look like in the registry of a real Windows (tests/recorded/hives.yaml)."""

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from harness.cell.session import CellSession
from harness.checks import test_install_services as checks
from harness.lifecycle.timeline import Timeline
from harness.model.image_path import may_start_another, program_of
from harness.model.profile.services import ServiceExpectation
from harness.offline.hive import parse_hive
from harness.probe.answers.services import (
    FailureAction,
    FailureActions,
    Service,
    ServiceByManager,
    ServiceByRegistry,
)
from tests.unit.offline.hive_making import Key, make_hive

ROOT = Path(__file__).parents[3]
RECORDED: dict[str, Any] = yaml.safe_load((ROOT / "tests" / "recorded" / "hives.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = RECORDED["services"]
NO_CELL, NO_TIMELINE = cast(CellSession, None), cast(Timeline, None)


def probe_source(name: str) -> str:
    return (ROOT / "harness" / "probe" / name).read_text("utf-8")


def service(name: str) -> Service:
    """As the probe tells it: the manager's side by the numbers of the API, which are those that are stored."""
    kept = SERVICES[name]
    actions = tuple(FailureAction(kind=kind, delay_ms=delay) for kind, delay in kept["actions"])
    recovery = FailureActions(
        reset_period_s=kept["reset_s"], reboot_message=None, command=None, actions=actions
    )
    empty: dict[str, Any] = dict.fromkeys(ServiceByManager.model_fields)
    numbers = dict.fromkeys(("controls_accepted", "win32_exit_code", "service_exit_code", "pid"), 0)
    manager = ServiceByManager(
        **{
            **empty,
            **numbers,
            "service_type": kept["type"],
            "state": 4,
            "start": kept["start"],
            "account": kept["account"],
            "delayed_start": kept["delayed"],
            "failure_actions": recovery,
            "failure_flag": kept["failure_flag"],
            "sid_type": kept["sid_type"],
        }
    )
    stored: dict[str, Any] = dict.fromkeys(ServiceByRegistry.model_fields)
    registry = ServiceByRegistry(
        **{**stored, "image_path": kept["image_path"], "depend_on_service": tuple(kept["depends_on"])}
    )
    return Service(name=name, manager=manager, registry=registry)


CHECKS: list[tuple[Callable[..., None], str, str, Any]] = [
    (checks.test_service_account, "account", "account", ".\\somebody"),
    (checks.test_service_delayed_start, "delayed", "delayed", None),
    (checks.test_service_recovery, "recovery", "recovery", ["restart"] * 4),
    (checks.test_service_failure_flag, "failure_flag", "failure_flag", None),
    (checks.test_service_sid, "sid_type", "sid_type", "none"),
    (checks.test_service_dependencies, "depends_on", "depends_on", ["Nothing"]),
]
SID_NAMES = {1: "unrestricted", 3: "restricted"}


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(("check", "key", "recorded", "other"), CHECKS, ids=[key for _, key, _, _ in CHECKS])
def test_a_real_service_passes_as_it_is_and_fails_as_it_is_not(
    name: str,
    check: Callable[..., None],
    key: str,
    recorded: str,
    other: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    value = SERVICES[name][recorded]
    value = SID_NAMES[value] if key == "sid_type" else value
    wrong = (not value) if isinstance(value, bool) else other
    for expected, passes in ((value, True), (wrong, False)):
        declared = ServiceExpectation.model_validate({"name": name, key: expected})
        monkeypatch.setattr(checks, "_declaring", lambda *_, each=declared: [(each, service(name))])
        if passes:
            check(NO_CELL, NO_TIMELINE)
        else:
            with pytest.raises(AssertionError):
                check(NO_CELL, NO_TIMELINE)


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_stored_of_a_recovery_holds_the_numbers_of_the_api(name: str) -> None:
    """SERVICE_FAILURE_ACTIONS as it is stored: seconds, two flags, a count, an offset, then kind and delay of each."""
    kept = SERVICES[name]
    data = bytes.fromhex(str(kept["failure_actions"]))
    reset, _, _, count, offset = struct.unpack_from("<5I", data)
    assert (reset, offset) == (kept["reset_s"], 20)
    assert [list(struct.unpack_from("<II", data, offset + 8 * n)) for n in range(count)] == kept["actions"]
    assert [checks.FAILURE_ACTIONS[kind] for kind, _ in kept["actions"]] == kept["recovery"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_path_of_a_real_service_starts_no_other_program(name: str) -> None:
    path = SERVICES[name]["image_path"]
    assert not may_start_another(path)
    if path.startswith('"'):
        assert may_start_another(path.replace('"', ""))
    assert program_of(path).lower().endswith(".exe")


def test_the_probe_reads_the_names_under_which_services_are_kept() -> None:
    asked = set(re.findall(r'\{"\w+", L"(\w+)"\}', probe_source("services.c")))
    assert set(RECORDED["stored_as"]) <= asked


def test_dumps_are_looked_for_where_windows_says_it_puts_them() -> None:
    source = probe_source("crashes.c").replace("\\\\", "\\")
    for name in ("DumpFile", "MinidumpDir"):
        assert f'L"{name}"' in source
        assert RECORDED["crash_control"][name] in source


def test_a_pending_rename_is_a_pair_whose_target_may_be_empty() -> None:
    """So as REG_MULTI_SZ with empty strings in it, which ends at the first of them for most readers."""
    pairs = RECORDED["pending_renames"]
    data = "".join(f"{source}\0{target}\0" for source, target in pairs).encode("utf-16-le") + b"\0\0"
    hive = parse_hive(make_hive(Key(b"ROOT", values={b"PendingFileRenameOperations": (7, data)})), "SYSTEM")
    value = hive.value("", "PendingFileRenameOperations")
    assert value is not None
    assert value.data == data
    texts = value.data.decode("utf-16-le").split("\0")[:-2]
    assert [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)] == pairs
