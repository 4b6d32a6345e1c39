"""What only the substrate left is put on record, and not held against the candidate."""

from collections.abc import Collection

from harness.lifecycle.folders_of_wine import empty_ones, left_by_wine
from harness.lifecycle.removals_on_wine import WHY_INI, emptied_by_a_package_inside
from harness.lifecycle.timeline import Timeline
from harness.model.report import ExcusedBy


def without_substrates(timeline: Timeline, left: Collection[str], there: Collection[str]) -> list[str]:
    """What is `left` without the folders and emptied .ini files that Windows would not have left; each is put on record.

    `there`: everything that is on the machine now, so that a folder with anything in it stays the candidate's. Paths in
    lower case.
    """
    if not left:
        return []
    session = timeline.session
    emptied = emptied_by_a_package_inside(session, left)
    for path in sorted(emptied):
        session.excuse(path, WHY_INI, by=ExcusedBy.SUBSTRATE)
    own, why = left_by_wine(session, timeline.properties())
    above = {folder for folder in left if any(path.startswith(f"{folder}\\") for path in emptied)}
    excused = empty_ones((own | above) & set(left), set(there) - emptied)
    for folder in excused:
        session.excuse(folder, WHY_INI if folder in above else why, by=ExcusedBy.SUBSTRATE)
    return sorted(set(left) - set(excused) - emptied)
