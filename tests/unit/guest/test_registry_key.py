"""A key is absent only where the system says so."""

from typing import Any, cast

import pytest

from harness.guest.console import Console
from harness.guest.registry import Registry
from harness.model.errors import GuestFault
from harness.probe.answers.registry import KeyFacts

KEY = "HKLM\\Software\\Agent"


class Answering:
    """A console whose probe answers one thing, whatever it is asked."""

    def __init__(self, *, exists: bool, code: int | None) -> None:
        self.facts = KeyFacts(path="HKEY_LOCAL_MACHINE\\Software\\Agent", exists=exists, code=code, sddl=None)

    def probe(self, *_asked: Any, **_options: Any) -> list[KeyFacts]:
        return [self.facts]


def registry(*, exists: bool, code: int | None) -> Registry:
    return Registry(cast(Console, Answering(exists=exists, code=code)))


def test_a_key_is_there_if_it_opens_or_is_forbidden() -> None:
    assert registry(exists=True, code=None).exists(KEY)
    assert registry(exists=True, code=5).exists(KEY)


def test_a_key_is_absent_if_there_is_no_such_name() -> None:
    assert not registry(exists=False, code=2).exists(KEY)


def test_any_other_error_proves_nothing() -> None:
    with pytest.raises(GuestFault, match=r"Nothing tells whether .* Windows error 1450") as raised:
        registry(exists=True, code=1450).exists(KEY)
    assert raised.value.code == 1450
