"""What never happened is told from all that did."""

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from harness.backend.interface import Event
from harness.lifecycle.withheld import echoed, frames, invented
from harness.model.profile.backend import Telemetry
from harness.probe.answers.stimulus import Stimulus

TOKEN = "bvt0123456789ab"
FOLDER = "C:\\bvt-stimulus"
KEY = "HKEY_LOCAL_MACHINE\\Software\\BvtStimulus"
TELEMETRY = {
    "file_change": Telemetry(query="file_events", columns={"target_path": "{path}"}),
    "registry_change": Telemetry(query="registry", columns={"path": "~{key}\\{name}", "data": "{data}"}),
    "service": Telemetry(query="services", columns={"name": "{name}", "path": "~{path}"}),
    "process_start": Telemetry(query="processes", columns={"pid": "{pid}", "cmdline": "~{nonce}"}),
}
GIVEN = {
    "file_change": Stimulus(name="file_change", nonce=TOKEN, facts={"path": f"{FOLDER}\\{TOKEN}.txt"}),
    "registry_change": Stimulus(
        name="registry_change", nonce=TOKEN, facts={"key": KEY, "name": TOKEN, "data": f"bvt-{TOKEN}"}
    ),
    "service": Stimulus(
        name="service", nonce=TOKEN, facts={"name": f"bvt-{TOKEN}", "path": "C:\\bvt\\probe.exe"}
    ),
    "process_start": Stimulus(
        name="process_start", nonce=TOKEN, facts={"pid": "12", "cmdline": f"hold {TOKEN}"}
    ),
}


def event(query: str, **columns: str) -> Event:
    return Event(cell="a/b", query=query, action="added", columns=columns, received_at=1.0)


@for_any(st.text("abcdef0123456789-é監", max_size=8))
def test_whatever_holds_the_cells_token_happened(rest: str) -> None:
    rows = [
        event("file_events", target_path=f"{FOLDER}\\{TOKEN}{rest}.txt"),
        event("file_events", target_path=f"{FOLDER}\\{TOKEN}.open.txt"),
        event("registry", path=f"{KEY.upper()}\\{TOKEN}{rest}", name=TOKEN, data="bvt-other"),
        event("services", name=f"bvt-{TOKEN}{rest}", path="C:\\x"),
    ]
    assert not invented(rows, TELEMETRY, GIVEN, TOKEN)


@pytest.mark.parametrize(
    "row",
    [
        event("file_events", target_path=f"{FOLDER}"),
        event("file_events", target_path="C:\\Windows\\never.txt"),
        event("file_events", target_path=f"{FOLDER}\\BVT012~1.TXT"),
        event("registry", path=f"{KEY}\\(Default)", name="(Default)", data=""),
        event("registry", path=KEY, name="", data=""),
        event("services", name="BvtRefAgent", path="C:\\bvt-stimulus\\x"),
        event("processes", pid="77", cmdline="bvt-probe hold bvtffffffffffff"),
        event("users", username="bvt-somebody"),
    ],
)
def test_what_happened_elsewhere_is_nobodys_invention(row: Event) -> None:
    assert not invented([row], TELEMETRY, GIVEN, TOKEN)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (event("file_events", target_path=f"{FOLDER}\\never.txt"), "never.txt"),
        (event("file_events", target_path=f"{FOLDER.upper()}\\bvtffffffffffff.txt"), "bvtffffffffffff"),
        (event("registry", path=f"{KEY}\\Never", name="Never", data="x"), "Never"),
        (event("services", name="bvt-never", path="C:\\x"), "bvt-never"),
    ],
)
def test_a_row_of_what_never_happened_is_named(row: Event, word: str) -> None:
    (found,) = invented([row], TELEMETRY, GIVEN, TOKEN)
    assert word in found


def test_a_kind_that_was_withheld_for_a_token_must_not_tell_of_it() -> None:
    given_alone = {"file_change": [f"{TOKEN}-001"]}
    true = event("file_events", target_path=f"{FOLDER}\\{TOKEN}-001.txt")
    assert not echoed([true], TELEMETRY, GIVEN, given_alone)
    sprayed = event("services", name=f"bvt-{TOKEN}-001", path="C:\\x")
    (found,) = echoed([true, sprayed], TELEMETRY, GIVEN, given_alone)
    assert found.startswith("service")


def test_the_probes_own_process_may_name_any_token() -> None:
    row = event("processes", pid="5", cmdline=f"bvt-probe stimulate file_change --nonce {TOKEN}-001")
    assert not echoed([row], TELEMETRY, GIVEN, {"file_change": [f"{TOKEN}-001"]})


def test_a_profile_may_name_no_column_that_shows_a_place() -> None:
    assert not frames(TELEMETRY["process_start"], GIVEN["process_start"])
