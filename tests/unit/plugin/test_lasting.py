"""While a process makes what it keeps, no garbage is looked for; afterwards it is, and not in what is kept."""

import gc
from contextlib import suppress

from harness.plugin.lasting import lasting


def test_the_collector_rests_and_leaves_out_what_there_is() -> None:
    frozen = gc.get_freeze_count()
    try:
        with lasting():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()


def test_after_a_failure_it_collects_again() -> None:
    try:
        with suppress(ImportError), lasting():
            raise ImportError
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_whoever_had_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with lasting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
