"""What each action of a scenario does: one file an action. A new one is a file and a line here.

`PRELUDE`: what may be done with an earlier release before the candidate comes; a failure there is none of the
candidate's. `CHANGES`: what is done with the candidate on the machine, after which the whole product is looked at again.
`BREAKS_OFF`: what does not let the installer come to its end.
"""

from collections.abc import Callable, Mapping

from harness.guest.msi.result import MsiResult
from harness.lifecycle.attempt import Attempt
from harness.lifecycle.steps import (
    check_in,
    downgrade,
    functions,
    hindered,
    install,
    power_cut,
    reinstall,
    repair,
)
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase
from harness.model.steps import Step

PRELUDE: Mapping[Phase, Callable[[Timeline, Step], None]] = {
    Phase.INSTALL: install.act,
    Phase.CHECK_IN: check_in.act,
    Phase.FUNCTIONS: functions.act,
}
CHANGES: Mapping[Phase, Callable[[Timeline, Step], MsiResult]] = {
    Phase.REPAIR: repair.act,
    Phase.REINSTALL: reinstall.act,
    Phase.DOWNGRADE: downgrade.act,
}
BREAKS_OFF: Mapping[Phase, Callable[[Timeline, Step], Attempt]] = {
    Phase.HINDERED: hindered.act,
    Phase.POWER_CUT: power_cut.act,
}
