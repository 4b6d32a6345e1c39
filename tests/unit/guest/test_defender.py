"""What Windows Defender took for malware: the lab's probe, or something else."""

from datetime import UTC, datetime

import pytest

from harness.guest.defender import CHANNEL, detections, of_the_probe
from harness.model.errors import GuestFault
from tests.unit.guest.defender_log import WithDefender, event, without_defender


def test_detections_of_the_probe_are_told_from_others() -> None:
    log = WithDefender(
        event("file:_D:\\tools\\BVT-probe.exe"),
        event("behavior:_process: C:\\a.exe", number=1117, process="D:\\tools\\bvt-probe.exe"),
        event("containerfile:_D:\\candidate\\agent.msi; file:_D:\\candidate\\agent.msi-&gt;agent.exe"),
    )
    found = detections(log.guest, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert [event.number for event in found] == [1116, 1117, 1116]
    assert of_the_probe(found) == found[:2]
    assert found[2].speaks_of(["agent.msi"])
    (asked,) = log.asked
    assert asked[2] == CHANNEL
    assert (
        "(EventID=1116 or EventID=1117) and TimeCreated[@SystemTime>='2026-01-02T03:04:05.000Z']" in asked[3]
    )


def test_a_windows_without_defender_detects_nothing() -> None:
    assert detections(without_defender().guest) == []


def test_a_log_that_cannot_be_read_is_said() -> None:
    with pytest.raises(GuestFault, match="ended with 5"):
        detections(WithDefender(exit_code=5).guest)
