"""What can be wrong with one step of a scenario, whatever stands around it."""

from collections.abc import Iterator

from harness.model.dirt import DIRT, HINDRANCES
from harness.model.phases import PHASES
from harness.model.release import CANDIDATE, ReleaseName
from harness.model.report import Phase
from harness.model.steps import BEFORE, BROKEN_OFF, DAMAGES, MOMENTS, OF_CANDIDATE, WORKS, Step

KNOWN_MOMENTS = f"{', '.join(MOMENTS)} or a number of seconds"


def step_problems(step: Step, *, before: bool, first: bool) -> Iterator[str]:
    """Every such mistake, without its full stop.

    `before`: it stands before the candidate's first step; `first`: by it the candidate comes.
    """
    yield from _with(step)
    yield from _place(step, before=before, first=first)
    yield from _broken_off(step)
    yield from _dirt(step, before=before)
    if step.keeps and step.action not in (Phase.UPGRADE, Phase.REPAIR):
        yield "only an upgrade and a repair keep something of what was before it"
    if step.action is Phase.REPAIR and "footprint" in step.keeps:
        yield "a repair keeps identity and configuration; a footprint is compared across an upgrade"
    if step.into and not (step.action is Phase.INSTALL and step.release == CANDIDATE):
        yield "into stands at install: candidate only"
    if step.action is Phase.SOAK and not (step.rest_s or step.use_s):
        yield "soak needs rest_s or use_s, a number of seconds"
    if step.action is not Phase.SOAK and (step.rest_s or step.use_s):
        yield "rest_s and use_s stand at soak only"


def _with(step: Step) -> Iterator[str]:
    """What the action is done with."""
    known = f"{CANDIDATE}, {', '.join(ReleaseName)}"
    if PHASES[step.action].with_release and not step.release:
        yield f"{step.action} needs a release: {known}"
    if PHASES[step.action].with_release and len(step.of) > 1:
        yield f"{step.action} is done with one release, not with {len(step.of)}"
    takes = PHASES[step.action].with_release or step.action in (Phase.UNINSTALL, Phase.REPAIR, *BROKEN_OFF)
    if step.action is Phase.UNINSTALL and step.of not in ((), (CANDIDATE,)):
        yield f"uninstall is done with the candidate, not with {', '.join(step.of)}"
    if step.of and not takes:
        yield f"{step.action} takes no value, so nothing may follow its colon; found {step.of[0]!r}"
    if step.action is Phase.DOWNGRADE and not step.is_earlier:
        yield f"downgrade needs an earlier release: {', '.join(ReleaseName)}"
    if step.action is Phase.REINSTALL and step.is_earlier:
        yield "reinstall is done with the candidate"
    if step.action is Phase.REPAIR and (not step.of or set(step.of) - set(DAMAGES)):
        yield f"repair needs a list of what is damaged before it: {', '.join(DAMAGES)}"


def _place(step: Step, *, before: bool, first: bool) -> Iterator[str]:
    if before and step.action not in (Phase.MACHINE, *BEFORE):
        yield f"{step.action} cannot be done before the candidate is there; {', '.join(BEFORE)} can"
    if not before and not first and step.action in OF_CANDIDATE:
        yield f"{step.action} stands after the candidate came; reinstall is what brings it anew"


def _broken_off(step: Step) -> Iterator[str]:
    if step.action not in BROKEN_OFF:
        if step.by or step.at:
            yield f"by and at stand at {' and '.join(BROKEN_OFF)} only"
        return
    if step.work is None:
        yield f"{step.action} needs what is broken off: {', '.join(WORKS)}"
    cut = step.action is Phase.POWER_CUT
    if (cut or step.by == "kill") and not step.at:
        yield f"{step.action} needs at, the moment: {KNOWN_MOMENTS}"
    if cut and step.by:
        yield "a power-cut is by nothing else"
    if not cut and step.by not in HINDRANCES:
        yield f"hindered needs by, what hinders it: {', '.join(HINDRANCES)}"
    elif not cut and step.work is not None and step.work not in HINDRANCES[step.by].at:
        works = ", ".join(HINDRANCES[step.by].at)
        yield f"{step.by} cannot hinder {step.work}, only {works}"


def _dirt(step: Step, *, before: bool) -> Iterator[str]:
    for name in step.dirt:
        if name not in DIRT:
            yield f"there is no dirt {name!r}; known are {', '.join(DIRT)}"
        elif step.action not in DIRT[name].at or (before and step.action is not Phase.MACHINE):
            places = ", ".join(DIRT[name].at)
            yield f"the dirt {name} can stand at {places} of the candidate only"
