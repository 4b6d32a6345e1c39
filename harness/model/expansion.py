"""From the matrix to cells: the product of the axes, includes and excludes, requirement rules. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import product

from harness.model.base import Frozen
from harness.model.errors import ConfigurationError
from harness.model.matrix import FULL, Matrix, Pool, Requirement, Selector, WindowsImage
from harness.model.plan import Cell
from harness.model.release import ReleaseName
from harness.model.steps import Step, phases_of, releases_of
from harness.model.windows import WindowsVersion

IMAGE = "image"
SCENARIO = "scenario"

ChecksFor = Callable[[tuple[Step, ...]], tuple[str, ...]]
"""The ids of the checks that run after these steps, in order."""


class Point(Frozen):
    """One point of the matrix before anything is known about where it runs."""

    image: str
    scenario: str
    axes: dict[str, str]

    @property
    def id(self) -> str:
        """`image/scenario`, then one part per further axis in the order in which the matrix lists them."""
        return "/".join((self.image, self.scenario, *self.axes.values()))

    def matches(self, selector: Selector) -> bool:
        """True if every pattern of the selector fits this point."""
        return (
            fnmatchcase(self.image, selector.image)
            and fnmatchcase(self.scenario, selector.scenario)
            and all(fnmatchcase(self.axes.get(axis, ""), pattern) for axis, pattern in selector.axes.items())
        )


def named(patterns: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The names that any pattern fits, in the order of `names`, each once."""
    return tuple(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))


def further_axes(matrix: Matrix) -> dict[str, tuple[str, ...]]:
    """The axes beyond image and scenario."""
    return {name: values for name, values in matrix.axes.items() if name not in (IMAGE, SCENARIO)}


def axis_product(matrix: Matrix) -> Iterator[Point]:
    """The product of the axes less the excludes, in the order of the file."""
    images = named(matrix.axes.get(IMAGE, ()), tuple(matrix.images))
    scenarios = named(matrix.axes.get(SCENARIO, ()), tuple(matrix.scenarios))
    further = further_axes(matrix)
    for image, scenario, *values in product(images, scenarios, *further.values()):
        point = Point(image=image, scenario=scenario, axes=dict(zip(further, values, strict=True)))
        if not any(point.matches(rule) for rule in matrix.exclude):
            yield point


def included(matrix: Matrix) -> Iterator[Point]:
    """The points that `include` adds. Excludes do not touch them: they were asked for by name."""
    further = further_axes(matrix)
    for entry in matrix.include:
        yield Point(
            image=entry.get(IMAGE, ""),
            scenario=entry.get(SCENARIO, ""),
            axes={axis: entry.get(axis, "") for axis in further},
        )


def points(matrix: Matrix) -> tuple[Point, ...]:
    """Every point of the matrix, whichever pool serves it."""
    return (*axis_product(matrix), *included(matrix))


def serves(pool: Pool, point: Point) -> bool:
    """True if the pool takes this point."""
    return any(fnmatchcase(point.image, pattern) for pattern in pool.images) and any(
        fnmatchcase(point.scenario, pattern) for pattern in pool.scenarios
    )


def requirement(matrix: Matrix, point: Point) -> tuple[Requirement, str]:
    """What the gate asks of a point, and why: the last matching rule wins, the default is `required`."""
    for rule in reversed(matrix.requirements):
        if point.matches(rule):
            return rule.requirement, rule.reason
    return Requirement.REQUIRED, ""


def windows_of(image: WindowsImage) -> WindowsVersion:
    """What the guest is, without what the matrix says about it (`legacy`)."""
    return WindowsVersion.model_validate(image.model_dump(include=set(WindowsVersion.model_fields)))


def expand(
    matrix: Matrix, pool: str, checks_for: ChecksFor, watching: Collection[str] = ()
) -> tuple[Cell, ...]:
    """The cells that `pool` runs, in the order of the file. `watching`: ids of checks that prove no phase.

    Raises `ConfigurationError` for an unknown pool, when the pool serves no cell, when two cells have one id,
    and when a cell would have no check at all.
    """
    if pool not in matrix.pools:
        known = ", ".join(matrix.pools)
        raise ConfigurationError(f"the matrix has no pool {pool!r}.", hint=f"Known pools: {known}.")
    place = matrix.pools[pool]
    cells: dict[str, Cell] = {}
    for point in points(matrix):
        if not serves(place, point):
            continue
        if point.id in cells:
            raise ConfigurationError(
                f"two cells have the id {point.id!r}.", hint="Remove it from `include` or narrow the axes."
            )
        need, reason = requirement(matrix, point)
        scenario = matrix.scenarios[point.scenario]
        checks = checks_for(scenario.whole)
        if not checks:
            raise ConfigurationError(
                f"no check runs in scenario {point.scenario!r}, so cell {point.id!r} would prove nothing."
            )
        cells[point.id] = Cell(
            id=point.id,
            image=point.image,
            windows=windows_of(matrix.images[point.image]),
            scenario=point.scenario,
            axes=point.axes,
            phases=phases_of(scenario.whole),
            steps=scenario.whole,
            reboots=scenario.reboots,
            requirement=need,
            reason=reason,
            substrates=place.substrates,
            checks=checks,
            watching=tuple(check for check in checks if check in watching),
        )
    if not cells:
        raise ConfigurationError(f"pool {pool!r} serves none of the matrix's cells.")
    return tuple(cells.values())


def without(cells: Sequence[Cell], missing: Mapping[ReleaseName, str]) -> tuple[Cell, ...]:
    """The cells, where one needs a release that is missing with the reason why it cannot be run."""

    def told(cell: Cell) -> Cell:
        lacks = [
            f"the {name} release is missing: {missing[name]}"
            for name in releases_of(cell.steps)
            if name in missing
        ]
        return cell.model_copy(update={"lacks": "; ".join(lacks)}) if lacks else cell

    return tuple(map(told, cells))


def of_suite(matrix: Matrix, suite: str, cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells of a suite among `cells`, in their order; all of them for `full`.

    Raises `ConfigurationError` for an unknown suite, and for one of which nothing is among `cells`.
    """
    if suite == FULL:
        return tuple(cells)
    if suite not in matrix.suites:
        known = ", ".join((FULL, *matrix.suites))
        raise ConfigurationError(f"the matrix has no suite {suite!r}.", hint=f"Known suites: {known}.")
    found = tuple(cell for cell in cells if fits(cell.id, matrix.suites[suite].cells))
    if not found:
        raise ConfigurationError(
            f"no cell of suite {suite!r} runs in this pool.",
            hint="Name another pool, or widen the suite's patterns.",
        )
    return found


def fits(cell_id: str, patterns: Sequence[str]) -> bool:
    """True if any of the shell-style patterns fits this cell id."""
    return any(fnmatchcase(cell_id, pattern) for pattern in patterns)


def select(cells: Sequence[Cell], patterns: Sequence[str]) -> tuple[Cell, ...]:
    """The cells whose id fits any of the patterns; no pattern selects all.

    Raises `ConfigurationError` for a pattern that fits no cell: a run of nothing proves nothing.
    """
    if not patterns:
        return tuple(cells)
    for pattern in patterns:
        if not any(fnmatchcase(cell.id, pattern) for cell in cells):
            raise ConfigurationError(
                f"no cell matches {pattern!r}.",
                hint=f"The cells are: {', '.join(cell.id for cell in cells)}.",
            )
    return tuple(cell for cell in cells if fits(cell.id, patterns))
