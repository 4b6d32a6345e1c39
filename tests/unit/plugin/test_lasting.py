"""While a process makes what it keeps, no garbage is looked for; afterwards it is, and not in what is kept."""

import gc
from contextlib import suppress

from harness.plugin.lasting import lasting


def test_the_collector_rests_and_leaves_out_what_there_is() -> None:
    frozen = gc.get_freeze_count()
    made = [[number] for number in range(1000)]
    with lasting():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(made)


def test_after_a_failure_it_collects_again() -> None:
    with suppress(ImportError), lasting():
        raise ImportError
    assert gc.isenabled()


def test_whoever_had_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with lasting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
