"""Several processes that do the same at the same moment."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier

WRITERS = 8
DONE_S = 150


def all_at_once(act: Callable[[str, int, Barrier], None], place: str) -> None:
    """Run `act` in eight processes, each with its number. It waits at the barrier. Asserts that all end well."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(WRITERS)
    processes = [context.Process(target=act, args=(place, name, start)) for name in range(WRITERS)]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join(DONE_S)
        assert [process.exitcode for process in processes] == [0] * WRITERS
    finally:
        for process in processes:
            process.kill()
