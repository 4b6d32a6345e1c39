"""Removing what a killed run left, while something of it may still be writing."""

import threading
from pathlib import Path

import pytest

from harness.machines.libvirt.machine import remove_directory
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded


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
    remove_directory(directory, Deadline.after(10))
    writer.join()
    assert not directory.exists()


def test_what_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(DeadlineExceeded, match="removal of"):
        remove_directory(tmp_path, Deadline.after(0.1))
