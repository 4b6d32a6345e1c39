"""The simulated fleet of the tour: hosts install what they are told, and a bad version silences a fixed part of them."""

import pytest

from examples.fleet.fleet import Fleet, Silent


def test_a_bad_version_silences_the_same_part_of_the_hosts_each_time() -> None:
    fleets = [Fleet("agent", "beta", 4000, "1.0.0", {"1.0.1": Silent(0.25)}) for _ in range(2)]
    for fleet in fleets:
        for host in fleet.awake:
            fleet.told(host, "1.0.1")
    assert fleets[0].awake == fleets[1].awake
    assert len(fleets[0].awake) == pytest.approx(3000, abs=150)
    assert fleets[0].said().startswith("4000 hosts: 4000 run 1.0.1 (100.0%); ")


def test_other_versions_and_what_a_host_has_already_silence_nobody() -> None:
    fleet = Fleet("agent", "beta", 10, "1.0.0", {"1.0.0": Silent(1), "1.0.1": Silent(1)})
    for host in fleet.awake:
        fleet.told(host, "1.0.0")
    fleet.told("host-3", "1.0.2")
    assert len(fleet.awake) == 10
    assert "version=1.0.2&ring=beta" in fleet.question("host-3")
    fleet.told("host-3", "1.0.1")
    assert "host-3" not in fleet.awake


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_between_none_and_all(share: float) -> None:
    with pytest.raises(ValueError):
        Silent(share)
