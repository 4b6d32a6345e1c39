"""Mistakes in a matrix that take more than one key to see."""

from collections.abc import Iterator, Sequence

from harness.config.step_rules import step_problems
from harness.documents.problem import Path, Problem, nearest
from harness.model.expansion import (
    IMAGE,
    SCENARIO,
    axis_product,
    fits,
    further_axes,
    included,
    named,
    points,
    serves,
)
from harness.model.matrix import FULL, Matrix, Scenario, Selector
from harness.model.report import Phase
from harness.model.steps import BROKEN_OFF, OF_CANDIDATE, Step, arrival, beginning, broken_off, phases_of

LONGEST_NAME = 64
"""Characters: a cell's folder is named after its parts, and file systems take 255 bytes."""
NAME_FORM = (
    f"at most {LONGEST_NAME} lower-case letters, digits, '.', '+' and '-', beginning with a letter or digit"
)


def matrix_problems(matrix: Matrix) -> Sequence[Problem]:
    """Every such mistake; none if the matrix makes sense."""
    # The later ones ask what the names expand to, which means little while a name is wrong.
    return (
        *_names(matrix),
        *_scenarios(matrix),
        *_axes(matrix),
        *_include(matrix),
        *_pool_names(matrix),
    ) or (
        *_duplicates(matrix),
        *_rules(matrix),
        *_suites(matrix),
        *_pools(matrix),
    )


def _names(matrix: Matrix) -> Iterator[Problem]:
    further = ((("axes", axis, index), value) for axis, values in further_axes(matrix).items()
               for index, value in enumerate(values))  # fmt: skip
    keys: list[tuple[Path, str]] = [(("images", name), name) for name in matrix.images]
    keys += [(("scenarios", name), name) for name in matrix.scenarios]
    for name in matrix.pools:
        if not (name.isprintable() and name.strip() == name != ""):
            hint = "Use printable characters, without spaces around them."
            yield Problem(("pools", name), f"{name!r} cannot be a pool's name.", hint, at_key=True)
    for path, name in [*keys, *further]:
        if not _cell_part(name):
            yield Problem(path, f"{name!r} cannot be part of a cell id.", f"Use {NAME_FORM}.", at_key=True)


def _cell_part(name: str) -> bool:
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789.+-")
    return 0 < len(name) <= LONGEST_NAME and set(name) <= allowed and name[0] not in ".+-"


def _scenarios(matrix: Matrix) -> Iterator[Problem]:
    for name, scenario in matrix.scenarios.items():
        path: Path = ("scenarios", name, "phases")
        yield from _steps(name, scenario)
        phases = scenario.phases or ()
        if long := [phase for phase in (*BROKEN_OFF, Phase.SOAK) if phase in phases]:
            yield Problem(path, f"{long[0]} needs more said of it.", "Write the scenario as steps.")
        if len(set(phases)) < len(phases):
            yield Problem(path, "a phase is listed twice.")
        elif list(phases) != sorted(phases, key=lambda phase: phase.order):
            yield Problem(path, "phases run in a fixed order.", f"Write {_in_order(scenario)}.")
        if scenario.reboots > 1 and Phase.REBOOT not in phases_of(scenario.whole):
            hint = "Add it, or leave reboots out."
            yield Problem(("scenarios", name, "reboots"), "this scenario has no phase reboot.", hint)


def _steps(name: str, scenario: Scenario) -> Iterator[Problem]:
    """What is wrong with the steps of the long form: each must stand where it can be done."""
    steps = scenario.steps or ()
    at, begins = arrival(steps), beginning(steps)
    for place, step in enumerate(steps):
        path: Path = ("scenarios", name, "steps", place)
        for message in step_problems(step, before=place < begins, first=place == at):
            yield Problem(path, f"{message}.")
        if place > at and step.action in {each.action for each in steps[at:place]}:
            yield Problem(path, f"{step.action} is done twice, so its results could not be told apart.")
    if steps and steps[0].action is not Phase.MACHINE:
        yield Problem(("scenarios", name, "steps", 0), "the first step is machine.", "Write {machine: }.")
    yield from _order(("scenarios", name, "steps"), steps)
    if sum(step.action in BROKEN_OFF for step in steps) > 1:
        yield Problem(
            ("scenarios", name, "steps"), "only one step can be broken off in a scenario.", at_key=True
        )
    if steps and at == len(steps) and broken_off(steps) is None:
        message = "no step brings the candidate onto the machine."
        yield Problem(("scenarios", name, "steps"), message, "Add {install: candidate}.", at_key=True)


def _order(path: Path, steps: Sequence[Step]) -> Iterator[Problem]:
    """What a step needs before or after it."""
    at, begins = arrival(steps), beginning(steps)
    first = steps[begins] if begins < len(steps) else None
    if first and Phase.UPGRADE in (first.action, first.work) and not _installs_earlier(steps[:begins]):
        hint = "Put {install: previous} before it."
        yield Problem((*path, begins), "there is nothing to upgrade.", hint)
    for place, step in enumerate(steps):
        if step.work is Phase.UNINSTALL and place < at:
            text = f"there is nothing to uninstall before {step.action}."
            yield Problem((*path, place), text, "Put {install: candidate} before it.")
        elif step.work is Phase.UNINSTALL and [each.action for each in steps[place + 1 :]][:1] != [step.work]:
            yield Problem(
                (*path, place), f"{step.action}: uninstall stands right before uninstall: candidate."
            )
        if step.work in OF_CANDIDATE and (
            place > at or (at < len(steps) and steps[at].action is not step.work)
        ):
            text = f"{step.action}: {step.work} stands before {step.work}: candidate."
            yield Problem((*path, place), text)


def _installs_earlier(steps: Sequence[Step]) -> bool:
    return any(step.action is Phase.INSTALL and step.is_earlier for step in steps)


def _in_order(scenario: Scenario) -> str:
    ordered = sorted(scenario.phases or (), key=lambda phase: phase.order)
    return f"[{', '.join(ordered)}]"


def _axes(matrix: Matrix) -> Iterator[Problem]:
    for axis, known in ((IMAGE, tuple(matrix.images)), (SCENARIO, tuple(matrix.scenarios))):
        if axis not in matrix.axes:
            yield Problem(
                ("axes",), f"the axis {axis!r} is missing.", f'To take all write {axis}: ["*"].', at_key=True
            )
        else:
            yield from _patterns(("axes", axis), matrix.axes[axis], axis, known)
    for axis, values in matrix.axes.items():
        if not values:
            yield Problem(("axes", axis), "the axis has no value, so there would be no cell.")
        elif len(set(values)) < len(values):
            yield Problem(("axes", axis), "a value is listed twice.")


def _patterns(path: Path, patterns: Sequence[str], what: str, known: tuple[str, ...]) -> Iterator[Problem]:
    for index, pattern in enumerate(patterns):
        if not named((pattern,), known):
            hint = nearest(pattern, known, label=f"Known {what}s")
            yield Problem((*path, index), f"no {what} matches {pattern!r}.", hint)


def _include(matrix: Matrix) -> Iterator[Problem]:
    wanted = (IMAGE, SCENARIO, *further_axes(matrix))
    for index, entry in enumerate(matrix.include):
        path: Path = ("include", index)
        for axis in wanted:
            if axis not in entry:
                yield Problem(
                    path, f"the axis {axis!r} is missing.", "An included cell names a value on every axis."
                )
        for axis, value in entry.items():
            if axis not in wanted:
                yield Problem((*path, axis), "there is no such axis.", nearest(axis, wanted), at_key=True)
            elif axis == IMAGE and value not in matrix.images:
                yield Problem(
                    (*path, axis), f"unknown image {value!r}.", nearest(value, tuple(matrix.images))
                )
            elif axis == SCENARIO and value not in matrix.scenarios:
                hint = nearest(value, tuple(matrix.scenarios))
                yield Problem((*path, axis), f"unknown scenario {value!r}.", hint)
            elif not _cell_part(value):
                yield Problem((*path, axis), f"{value!r} cannot be part of a cell id.", f"Use {NAME_FORM}.")


def _pool_names(matrix: Matrix) -> Iterator[Problem]:
    for name, pool in matrix.pools.items():
        yield from _patterns(("pools", name, "images"), pool.images, IMAGE, tuple(matrix.images))
        yield from _patterns(("pools", name, "scenarios"), pool.scenarios, SCENARIO, tuple(matrix.scenarios))


def _duplicates(matrix: Matrix) -> Iterator[Problem]:
    seen = {point.id for point in axis_product(matrix)}
    if not seen and not matrix.include:
        yield Problem(("axes",), "the matrix expands to no cell.", "Look at axes and exclude.", at_key=True)
    for index, point in enumerate(included(matrix)):
        if point.id in seen:
            yield Problem(
                ("include", index), f"the cell {point.id!r} is already there.", "Remove this entry."
            )
        seen.add(point.id)


def _rules(matrix: Matrix) -> Iterator[Problem]:
    # An exclude is judged by what the axes alone give; with it gone the rest of the matrix is the same.
    unfiltered = tuple(axis_product(matrix.model_copy(update={"exclude": ()})))
    every = points(matrix)
    rules: list[tuple[Path, Selector]] = [(("exclude", i), rule) for i, rule in enumerate(matrix.exclude)]
    rules += [(("requirements", i), rule) for i, rule in enumerate(matrix.requirements)]
    for path, rule in rules:
        unknown = sorted(set(rule.axes) - set(further_axes(matrix)))
        if unknown:
            hint = nearest(unknown[0], tuple(further_axes(matrix)))
            yield Problem((*path, "axes", unknown[0]), "there is no such axis.", hint, at_key=True)
        elif not any(point.matches(rule) for point in (unfiltered if path[0] == "exclude" else every)):
            known = {IMAGE: tuple(matrix.images), SCENARIO: tuple(matrix.scenarios)}
            hints = [nearest(getattr(rule, axis), names) for axis, names in known.items()
                     if not named((getattr(rule, axis),), names)]  # fmt: skip
            yield Problem(
                path, "this rule matches no cell.", " ".join(hints) or "Remove it or correct its patterns."
            )


def _suites(matrix: Matrix) -> Iterator[Problem]:
    every = [point.id for point in points(matrix)]
    for name, suite in matrix.suites.items():
        path: Path = ("suites", name)
        if name == FULL:
            text = f"the suite {FULL!r} is every cell and cannot be narrowed."
            yield Problem(path, text, "Give this one another name.", at_key=True)
        elif not _cell_part(name):
            yield Problem(path, f"{name!r} cannot be the name of a suite.", f"Use {NAME_FORM}.", at_key=True)
        for index, pattern in enumerate(suite.cells):
            if not any(fits(cell, (pattern,)) for cell in every):
                hint = nearest(pattern, tuple(every), label="Known cells")
                yield Problem((*path, "cells", index), f"no cell matches {pattern!r}.", hint)


def _pools(matrix: Matrix) -> Iterator[Problem]:
    every = points(matrix)
    for name, pool in matrix.pools.items():
        if not any(serves(pool, point) for point in every):
            yield Problem(("pools", name), "this pool serves no cell of the matrix.", at_key=True)
