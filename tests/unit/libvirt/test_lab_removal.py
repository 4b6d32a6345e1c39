"""Removing what a killed run left, while something of it may still be writing."""

import threading
from pathlib import Path

import pytest

from harness.machines.intent import IntentFile
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.removal import remove_directory
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory


def test_a_directory_that_is_still_written_to_is_removed_once_the_writer_stops(tmp_path: Path) -> None:
    directory = tmp_path / "machine"
    directory.mkdir()
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                (directory / f"media-{number}.iso").touch()
            except FileNotFoundError:
                return

    writer = threading.Thread(target=write)
    writer.start()
    threading.Timer(0.2, stop.set).start()
    remove_directory(directory, Deadline.after(30))
    writer.join(60)
    assert not directory.exists()


def test_what_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(DeadlineExceeded, match="removal of"):
        remove_directory(tmp_path, Deadline.after(0.1))


def test_a_build_killed_before_its_machine_existed_is_reclaimed_without_a_host(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    intent = IntentFile.begin(state.intents, provider="libvirt", run_id="image-build")
    working = tmp_path / "images" / "win" / "building-1"
    working.mkdir(parents=True)
    (working / "answer.iso").touch()
    intent.add(directory=str(working))
    provider = LibvirtProvider(Pool(provider="libvirt", substrates=(Substrate.TCG,)), state)
    assert provider.reclaim(intent.path) == [f"directory {working}"]
    assert not working.exists()
    assert not intent.path.exists()
    assert provider.reclaim(intent.path) == ()


def test_what_libvirt_leaves_of_a_machine_goes_too(tmp_path: Path) -> None:
    private = Host("private:lab", StateDirectory(tmp_path))
    files = [
        private.nvram_directory / "bvt-1_VARS.fd",
        private.nvram_directory / "bvt-2_VARS.fd",
        private.log_directory / "qemu" / "bvt-1.log",
        private.log_directory / "qemu" / "bvt-2.log",
    ]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    private.remove_traces("bvt-1")
    assert [path.exists() for path in files] == [False, True, False, True]
    private.remove_traces("bvt-1")
