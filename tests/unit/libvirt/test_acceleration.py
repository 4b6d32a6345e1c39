"""The ROM that proves acceleration, and what is concluded from it."""

from pathlib import Path

import pytest

from harness.machines.libvirt.host import acceleration
from harness.machines.libvirt.host.acceleration import EXIT_CODE, ROM_SIZE, executes, long_mode_rom, prove_kvm


def test_the_reset_vector_jumps_to_the_start_of_the_rom() -> None:
    rom = long_mode_rom()
    assert len(rom) == ROM_SIZE
    opcode, distance = rom[-16], int.from_bytes(rom[-15:-13], "little")
    assert opcode == 0xE9
    assert (ROM_SIZE - 16 + 3 + distance) % 0x10000 == 0


def test_the_parts_of_the_rom_do_not_overlap() -> None:
    rom = long_mode_rom()
    assert rom[0x3F] == 0
    assert rom[0xBF] == 0
    assert rom[0x40] != 0
    assert rom[0xC0] != 0


def test_the_exit_code_cannot_be_a_crash_of_qemu() -> None:
    assert EXIT_CODE not in {0, 1, 2, 134, 139}


@pytest.mark.libvirt
def test_a_guest_reaches_long_mode_under_tcg() -> None:
    proof = executes("tcg", deadline_s=60)
    assert proof.ran, proof.reason


@pytest.mark.libvirt
def test_a_guest_that_does_not_finish_in_time_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceleration, "SPINS", 0xFFFF_FFFF)
    proof = executes("tcg", deadline_s=0.3)
    assert not proof.ran
    assert "hung" in proof.reason


@pytest.mark.libvirt
def test_an_accelerator_that_qemu_lacks_is_no_proof() -> None:
    assert not executes("whpx").ran


def test_a_missing_device_is_no_proof(tmp_path: Path) -> None:
    proof = prove_kvm(tmp_path / "kvm")
    assert not proof.ran
    assert "does not exist" in proof.reason
