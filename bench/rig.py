"""One Wine machine for the benchmarks that need a guest."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.config.load import find_matrix, load_matrix
from harness.machines.provider import Machine, MachineProvider
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.expansion import windows_of
from harness.model.machine import MachineSpec
from harness.probe.build import probe_exe
from harness.state import StateDirectory

IMAGE = "win11-24h2"


@contextmanager
def wine_rig(wine: str = "image") -> Iterator[tuple[MachineProvider, MachineSpec]]:
    """The provider with its template ready, and the specification of a machine. `wine`: image, or host."""
    matrix, _ = load_matrix(find_matrix())
    state = StateDirectory.default()
    pool = matrix.pools["embedded"]
    provider = load_provider(pool.model_copy(update={"options": pool.options | {"wine": wine}}), state)
    provider.prepare("wine", lambda _: None)
    with tempfile.TemporaryDirectory(prefix="bvt-bench-") as media:
        tools = Path(media) / "tools"
        tools.mkdir()
        shutil.copy2(probe_exe(state), tools)
        yield (
            provider,
            MachineSpec(
                run_id="bench",
                cell_id="bench/fresh",
                image="wine",
                windows=windows_of(matrix.images[IMAGE]),
                media=Path(media),
            ),
        )


@contextmanager
def wine_machine() -> Iterator[Machine]:
    """A running Wine machine, destroyed afterwards."""
    with wine_rig() as (provider, spec):
        machine = provider.create(spec, Deadline.after(60))
        try:
            yield machine
        finally:
            machine.destroy()
