"""What the lab itself does wrong is never the candidate's fault, and costs no more than it must."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.model.gate import Verdict
from harness.model.report import Outcome
from harness.state import StateDirectory
from tests.integration.lab.conftest import MakeRig
from tests.integration.lab.rig import in_guest, qemu_of

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


def test_two_hosts_share_a_matrix_and_the_run_finishes_on_the_one_that_is_left(
    make_rig: MakeRig, candidate: Path
) -> None:
    rig = make_rig("hosts")
    daemons = {rig.daemon(name).ensure(): rig.daemon(name) for name in ("one", "two")}
    # By the daemons' own URIs: to the harness they are somebody else's, so it does not start a stopped one again.
    hosts: list[dict[str, object]] = [{"uri": uri, "cpus": 1, "memory_mb": 1024} for uri in daemons]
    run = rig.run(candidate, "a", "b", "c", hosts=hosts)
    first, second = run.machine("a"), run.machine("b")
    assert {first.resources["uri"], second.resources["uri"]} == set(daemons)

    process = qemu_of(first, rig)
    daemons[first.resources["uri"]].stop()
    process.kill()

    assert run.ended() == Verdict.PASS.exit_code, run.said
    assert run.gate.verdict is Verdict.PASS
    lost, found = run.report("a").attempts
    assert (lost.outcome, found.outcome) == (Outcome.INFRA, Outcome.PASSED)
    assert [attempt.outcome for attempt in run.report("c").attempts] == [Outcome.PASSED]


def test_a_run_can_be_watched_killed_cleaned_up_and_resumed(
    make_rig: MakeRig, candidate: Path, tmp_path: Path
) -> None:
    rig = make_rig("killed")
    run = rig.run(candidate, "a", hosts=[{"uri": "private:killed"}], at_once=1)
    machine = run.machine("a")
    shown = rig.bvt("console", "a/brief")
    assert f"machine  {machine.machine_id} (a/brief)" in shown.stdout, shown.stderr
    assert "VNC 127.0.0.1:" in shown.stdout
    assert rig.bvt("screenshot", machine.machine_id, "-o", tmp_path / "screen.png").returncode == 0
    assert (tmp_path / "screen.png").read_bytes().startswith(b"\x89PNG")
    run.kill()
    assert rig.qemus()
    cleaned = rig.bvt("clean")
    assert cleaned.returncode == 0, cleaned.stderr
    assert f"domain {machine.machine_id}" in cleaned.stdout
    assert rig.leftovers() == []
    assert "nothing to clean" in rig.bvt("clean").stdout

    run.start("--resume", run.out, "-n", 1)
    assert run.ended() == Verdict.PASS.exit_code, run.said
    first, second = run.report("a").attempts
    assert (first.outcome, second.outcome) == (Outcome.INFRA, Outcome.PASSED)
    assert "ended before this cell did" in first.message
    assert rig.leftovers() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "bvt-test", place], check=True, timeout=300)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True, timeout=300)


@as_root
def test_a_full_disk_of_the_host_is_the_labs_fault_in_a_clear_sentence(
    make_rig: MakeRig, candidate: Path, shared: StateDirectory, small_disk: Path
) -> None:
    rig = make_rig("full")
    (small_disk / "templates").symlink_to(shared.part("templates"))
    daemon = rig.daemon("full")
    run = rig.run(candidate, "a", hosts=[{"uri": "private:full"}], storage=small_disk, at_once=1)
    in_guest(run.installed("a"), daemon, "yes | dd of=/big bs=1M count=100 iflag=fullblock conv=fsync")
    assert run.ended() == Verdict.INFRA.exit_code, run.said
    check = run.blamed("a")
    assert check.outcome is Outcome.INFRA
    assert "the host's disk is full" in check.message
    assert run.evidence("a", "machine/screenshot.png").startswith(b"\x89PNG")
    assert "the host's disk is full" in run.said
    assert rig.leftovers() == []


def test_an_image_that_is_not_what_its_manifest_says_is_refused(
    make_rig: MakeRig, candidate: Path, shared: StateDirectory
) -> None:
    rig = make_rig("image")
    newest = max(
        (shared.images / "wine-guest").glob("*/manifest.json"), key=lambda path: path.stat().st_mtime
    )
    (rig.home / "images").unlink()
    copy = rig.home / "images" / "wine-guest" / newest.parent.name
    copy.mkdir(parents=True)
    for name in ("manifest.json", "vmlinuz", "initrd.img"):
        shutil.copy(newest.parent / name, copy)
    (copy / "disk.qcow2").write_bytes(b"another disk")
    run = rig.run(candidate, "a", hosts=[{"uri": "private:image"}], at_once=1)
    assert run.ended() == 2, run.said
    assert "image 'wine-guest' does not match its manifest: disk.qcow2 has SHA-256" in run.said
    assert len(run.said.strip().splitlines()[-1]) < 600
    assert not (run.out / "gate.json").exists()
    assert rig.leftovers() == []
