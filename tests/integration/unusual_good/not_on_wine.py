"""Good candidates that can show nothing on Wine, for want of what Windows has: INFRA in words that say why."""

from dataclasses import dataclass

from tests.integration.unusual_good.candidates import CHECKED_IN, UnusualGood


@dataclass(frozen=True)
class NotOnWine:
    """`why`: the words in which each check that is lost says so."""

    good: UnusualGood
    why: str


BY_TASK = (
    *(
        f"DELETE FROM `{table}`"
        for table in ("MsiServiceConfigFailureActions", "ServiceControl", "ServiceInstall")
    ),
    # An installed program (18), deferred (+1024), in the system's context (+2048).
    "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) "
    "VALUES ('EnterTask', 3090, 'AgentExecutable', '--enter')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) "
    "VALUES ('EnterTask', 'NOT REMOVE', 5855)",
)
NOT_ON_WINE: dict[str, NotOnWine] = {
    "by-failing": NotOnWine(
        UnusualGood(
            unusual=(
                "ends with an error once it is configured, so that its service's manager starts it anew",
            ),
            traits=frozenset({"restarts-by-failing"}),
            phases=CHECKED_IN,
            profile={"health.restarts": 1, "check_in.heartbeat_s": 2},
        ),
        why=" none anew",
    ),
    "by-task-alone": NotOnWine(
        UnusualGood(
            unusual=("a scheduled task runs it, and no service",),
            traits=frozenset({"runs-by-task"}),
            edits=BY_TASK,
            phases=CHECKED_IN,
            profile={"services": [], "check_in.deadline_s": 10},
        ),
        why="and Wine never runs one",
    ),
    "in-chunks": NotOnWine(
        UnusualGood(
            unusual=("sends its requests in chunks, by WinHTTP",),
            traits=frozenset({"sends-in-chunks"}),
            phases=CHECKED_IN,
        ),
        why="Wine's sends the head of such a request and holds its body back",
    ),
}
"""By candidate. One that passes all the same has shown that Wine is better than was thought."""
