"""What the shell offers for a value: profiles, pools, suites, cells, kept machines.

A mistake in a file offers nothing.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from harness.model.matrix import Matrix


def _offered(names: Callable[[typer.Context], Iterable[str]]) -> Callable[[typer.Context, str], list[str]]:
    """Names that begin with what was typed. Completion has no place for an error: then there is nothing to offer."""

    def offer(context: typer.Context, incomplete: str) -> list[str]:
        try:
            return [name for name in names(context) if name.startswith(incomplete)]
        except (HarnessError, OSError):
            return []

    return offer


def _matrix(context: typer.Context) -> "Matrix":
    """The matrix that the command line names so far."""
    from harness.config.load import find_matrix, load_matrix

    named: Path | None = context.params.get("matrix")
    return load_matrix(Path(named) if named else find_matrix())[0]


def _profiles(_: typer.Context) -> Iterable[str]:
    from harness.config.load import known_profiles, search_path

    return known_profiles(search_path())


def _pools(context: typer.Context) -> Iterable[str]:
    return _matrix(context).pools


def _suites(context: typer.Context) -> Iterable[str]:
    from harness.model.matrix import FULL

    return (FULL, *_matrix(context).suites)


def _cells(context: typer.Context) -> Iterable[str]:
    from harness.model.expansion import points, serves

    matrix = _matrix(context)
    pool = matrix.pools.get(context.params.get("pool") or "embedded")
    return (point.id for point in points(matrix) if pool is None or serves(pool, point))


def _cells_of_run(context: typer.Context) -> Iterable[str]:
    from harness.rundir.directory import RunDirectory

    named: Path | None = context.params.get("run")
    return RunDirectory(Path(named)).settings().selected if named else ()


def _kept(_: typer.Context) -> Iterable[str]:
    from harness.machines.kept import list_kept
    from harness.state import StateDirectory

    kept = list_kept(StateDirectory.default())
    return dict.fromkeys([*(machine.cell_id for machine in kept), *(machine.machine_id for machine in kept)])


profiles, pools, suites = _offered(_profiles), _offered(_pools), _offered(_suites)
cells, cells_of_run, kept = _offered(_cells), _offered(_cells_of_run), _offered(_kept)
