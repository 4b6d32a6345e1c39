"""What only the substrate left is put on record, and not held against the candidate."""

from collections.abc import Collection

from harness.lifecycle.folders_of_wine import empty_ones, left_by_wine
from harness.lifecycle.timeline import Timeline
from harness.model.report import ExcusedBy


def without_substrates(timeline: Timeline, left: Collection[str], there: Collection[str]) -> list[str]:
    """What is `left` without the folders that Windows would not have left; each of them is put on record.

    `there`: everything that is on the machine now, so that a folder with anything in it stays the candidate's. Paths in
    lower case.
    """
    if not left:
        return []
    own, why = left_by_wine(timeline.session, timeline.properties())
    excused = empty_ones(own & set(left), there)
    for folder in excused:
        timeline.session.excuse(folder, why, by=ExcusedBy.SUBSTRATE)
    return sorted(set(left) - set(excused))
