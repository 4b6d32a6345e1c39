"""What the agent and its backend say to each other: check-in, telemetry, queries, configuration, actions."""

from typing import Annotated, Any, Literal

from pydantic import Field

from harness.model.base import Frozen, NotEmpty, Seconds
from harness.model.profile.text import WHOLE_PROGRAM, Pattern, Reason, Template


class CheckIn(Frozen):
    """When the agent must be seen at its backend."""

    deadline_s: Seconds = 60
    heartbeat_s: Seconds = Field(default=60, description="a further sign of life within this time")
    requests_per_s: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=5, description="at most, while the backend answers nothing but errors"
    )
    busiest_per_s: Annotated[float, Field(gt=0, le=10_000)] = Field(
        default=30, description="requests at most, on the average, while nothing is wrong with the backend"
    )
    sent_mb: Annotated[float, Field(gt=0)] = Field(
        default=64, description="that it may send its backend in a minute"
    )
    talks_to: tuple[NotEmpty, ...] = Field(
        default=(),
        description="addresses, with `*`, or ADDRESS:PORT (also with /tcp or /udp), of other hosts that it may talk to",
    )
    gives_up_s: Seconds = Field(
        default=120,
        description="within which a request that is never answered is given up, and another one made",
    )
    half_open_s: Seconds | None = Field(
        default=None,
        description="the same, where each cell with a check-in is to look, and wait; by default only a soak does",
    )
    outlives_renewal: bool = Field(
        default=False,
        description="it trusts a certificate that its backend's authority has renewed, with another key",
    )
    accepts: dict[Literal["other-name", "expired"], Reason] = Field(
        default_factory=dict,
        description="certificates of its backend's own authority that it trusts all the same → why",
    )
    keeps_events: bool = Field(
        default=False,
        description="stopped while its backend fails, it reports once started again what it had noticed before",
    )
    backs_off: bool = Field(default=False, description="pauses grow while the backend fails")
    still_there_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=0, description="the last look at the agent comes no sooner than so long after it enrolled"
    )
    identity: str = Field(
        default="hostname", pattern="^(hostname|uuid)$", description="what host_identifier is made from"
    )


class Telemetry(Frozen):
    """One class of events: which rows must arrive for the harness's stimulus.

    `columns` maps a column of the row to what it must hold, with `{facts}` of the stimulus (`{nonce}`, `{pid}`,
    `{path}`, …; `STIMULUS_FACTS`); a leading `~` means *contains*. Comparison ignores case, as Windows paths do.
    """

    query: NotEmpty = Field(description="name of the scheduled query whose results carry the event")
    action: str = Field(
        default="added",
        pattern="^(added|removed|snapshot)$",
        description="snapshot: of a query whose results are sent whole, as it is of one that is scheduled so",
    )
    columns: dict[str, Pattern] = Field(min_length=1)
    when_gone: dict[str, Pattern] = Field(
        default_factory=dict,
        description="of file_change: columns of the row that tells that the file was deleted; by default nobody looks",
    )
    when_changed: dict[str, Pattern] = Field(
        default_factory=dict,
        description="of file_change: columns of the row that tells that a file was overwritten; by default nobody looks",
    )
    deadline_s: Seconds = 30
    may_repeat: bool | None = Field(
        default=None,
        description="one change may lead to several equal rows; by default only so of file_change, whose notices repeat",
    )
    longest: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="how many characters of a command line or value it reports by design; by default all",
    )


class FurtherQuery(Frozen):
    """A distributed query, and what one of its rows must hold."""

    sql: NotEmpty
    expect: dict[str, Template] = Field(default_factory=dict)
    rows_at_least: Annotated[int, Field(ge=1)] = Field(
        default=1, description="fewer rows are an answer that was cut off"
    )
    moves: str = Field(
        default="", description="a column whose value is another one each second, as that of a clock"
    )


class LiveQuery(Frozen):
    """A distributed query and what its first row must hold; then what else is asked."""

    sql: NotEmpty
    expect: dict[str, Template]
    deadline_s: Seconds = 30
    invalid: str = Field(
        default="",
        description="a query that the agent cannot answer, and after which it must go on answering",
    )
    then: tuple[FurtherQuery, ...] = Field(
        default=(), description="queries with another answer, asked after it: each must be answered anew"
    )


class ConfigurationPush(Frozen):
    """Configuration pushed by the backend.

    `base` is in force from the start. `changed` must take effect: a result of query `effect_query` must arrive.
    Each of `invalid` must be refused, reported in a status line containing `refusal_contains`, and leave the last good
    one in force.
    """

    base: dict[str, Any]
    changed: dict[str, Any] | None = None
    effect_query: str = ""
    invalid: dict[str, str] = Field(
        default_factory=dict, description="name → raw text sent as the configuration"
    )
    refusal_contains: str = ""
    deadline_s: Seconds = 30
    outlives_restart: bool = Field(
        default=False,
        description="restarted while its backend fails, the agent goes on with the last good configuration",
    )

    def _scheduled(self, query: str) -> dict[str, Any]:
        schedule = self.base.get("schedule")
        scheduled = schedule.get(query) if isinstance(schedule, dict) else None
        return scheduled if isinstance(scheduled, dict) else {}

    def sends_whole(self, query: str) -> bool:
        """Whether `base`, if it has osquery's form, schedules this query as a snapshot (osquery, "Configuration")."""
        return self._scheduled(query).get("snapshot") is True

    def query_text(self, query: str) -> str:
        """What `base`, if it has osquery's form, asks by this query; empty if it does not say so."""
        return str(self._scheduled(query).get("query", ""))

    def interval_s(self, query: str) -> float:
        """How often `base`, if it has osquery's form, has this query run; 0 if it does not say so."""
        stated = self._scheduled(query).get("interval")
        try:
            return max(0.0, float(stated)) if isinstance(stated, int | float | str) else 0.0
        except ValueError:
            return 0.0


class Shows(Frozen):
    """A command in the guest, and what it prints while something is so."""

    command: Annotated[tuple[Template, ...], WHOLE_PROGRAM] = Field(min_length=1)
    contains: NotEmpty


class ResponseAction(Frozen):
    """An action that the backend asks for by configuration, and the status line that confirms it."""

    configuration: dict[str, Any]
    status_contains: str
    deadline_s: Seconds = 30
    below_wine: bool = Field(
        default=False,
        description="on Wine it sets the packet filter of the system below (nft), so that it can be shown there",
    )
    shown_by: Shows | None = Field(
        default=None,
        description="of `isolate`: how the agent itself shows an isolated host; asked before and after a restart",
    )
