"""What is tried in a forked child says why it failed, and never holds up whoever tried it."""

import time

import pytest

from harness.machines.wine import namespaces


def test_what_works_says_nothing() -> None:
    assert namespaces.tried(lambda: None) == ""


def test_what_fails_says_why() -> None:
    def attempt() -> None:
        raise PermissionError("not here")

    assert namespaces.tried(attempt) == "not here"


def test_what_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "_ATTEMPT_S", 0.2)
    began = time.monotonic()
    assert namespaces.tried(lambda: time.sleep(60)) == "the attempt did not end within 0.2 s"
    assert time.monotonic() - began < 30
