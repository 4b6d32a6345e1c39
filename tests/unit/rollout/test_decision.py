"""The roll-out decision: properties, whatever the fleet."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.errors import ConfigurationError
from harness.rollout.decision import Endpoint, Group, Maximum, Reason, Rollout, State
from harness.rollout.hours import Hours
from harness.rollout.share import Share

ids = st.text(min_size=0, max_size=40)
releases = st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text)
percents = st.decimals(0, 100, places=4)
endpoints = st.builds(
    Endpoint,
    ids,
    version=st.sampled_from(["", "7.0", "7.1", "7.2"]),
    ring=st.sampled_from(["internal", "beta", "production"]),
    opted_in=st.booleans(),
    safe_mode=st.booleans(),
    utc_offset_min=st.integers(-720, 840),
    offered=st.booleans(),
)


def rollout(percent: object = 1, **more: object) -> Rollout:
    given_ = {
        "release": "7.2@1",
        "version": "7.2",
        "baseline": "7.1",
        "shares": {"production": Share.parse(str(percent))},
    }
    return Rollout(**{**given_, **more})  # type: ignore[arg-type]


def fleet(count: int) -> list[Endpoint]:
    return [Endpoint(f"host-{number}") for number in range(count)]


@given(endpoints, percents, percents, releases)
def test_who_is_within_a_percentage_is_within_every_larger_one(
    endpoint: Endpoint, one: object, other: object, release: str
) -> None:
    small, large = sorted(
        [rollout(p, release=release) for p in (one, other)], key=lambda r: r.shares["production"]
    )
    if small.decide(endpoint, 0.0).version == "7.2":
        assert large.decide(endpoint, 0.0).version == "7.2"


@given(endpoints, percents, st.floats(0, 2e9), st.floats(0, 2e9))
def test_the_answer_does_not_change_from_poll_to_poll(
    endpoint: Endpoint, percent: object, now: float, later: float
) -> None:
    assert rollout(percent).decide(endpoint, now) == rollout(percent).decide(endpoint, later)


@given(endpoints, percents, st.sampled_from([State.RUNNING, State.HALTED]))
def test_what_a_host_has_it_keeps_unless_it_is_in_safe_mode(
    endpoint: Endpoint, percent: object, state: State
) -> None:
    has_it = replace(endpoint, version="7.2", safe_mode=False)
    assert rollout(percent, state=state).decide(has_it, 0.0).version == "7.2"
    rescued = rollout(percent, state=state).decide(replace(has_it, safe_mode=True), 0.0)
    assert (rescued.version, rescued.reason) == ("7.1", Reason.SAFE_MODE)


@given(endpoints.filter(lambda each: each.version != "7.2"), percents, st.integers(0, 10))
def test_nobody_new_gets_a_release_unless_everything_allows_it(
    endpoint: Endpoint, percent: object, spent: int
) -> None:
    rule = rollout(
        percent,
        shares={
            "internal": Share.parse(100),
            "beta": Share.parse(100),
            "production": Share.parse(str(percent)),
        },
        opt_in=frozenset({"beta"}),
        maximum=Maximum(5, 3600.0),
        hours=Hours.parse(["Mon-Fri 09:00-16:00"]),
    )
    got = rule.decide(endpoint, 1_800_000_000.0, spent)
    if got.version == "7.2":
        assert not endpoint.safe_mode
        assert spent < 5 or endpoint.offered
        assert rule.hours is not None
        assert rule.hours.wait_s(1_800_000_000.0, endpoint.utc_offset_min) == 0
    for state in (State.HALTED, State.WITHDRAWN):
        assert replace(rule, state=state).decide(endpoint, 0.0, spent).version == "7.1"


def test_one_per_cent_is_one_per_cent_however_often_hosts_ask_and_two_releases_choose_different_hosts() -> (
    None
):
    """Every poll of the whole million is in bench/rollout_decision.py."""
    hosts = fleet(100_000)

    def chosen(rule: Rollout) -> set[str]:
        return {host.id for host in hosts if rule.decide(host, 0.0).group is Group.CANDIDATE}

    one, five, other = chosen(rollout(1)), chosen(rollout(5)), chosen(rollout(1, release="7.3@2"))
    assert 900 < len(one) < 1100
    assert one < five
    assert chosen(rollout(1)) == one
    assert len(one & other) < 30  # 10 by chance


def test_of_a_million_hosts_one_per_cent_have_it_however_often_they_ask() -> None:
    """Who asks 56 times is told the same 56 times; by a draw per request 43 % would have it by then."""
    million, polls = fleet(1_000_000), 56
    one, five = rollout(1), rollout(5)
    reached = {host.id for host in million if one.decide(host, 0.0).version == "7.2"}
    assert 0.0097 <= len(reached) / len(million) <= 0.0103
    assert all(five.decide(host, 0.0).version == "7.2" for host in million if host.id in reached)
    some = million[::100]
    for poll in range(1, polls):
        told = {host.id for host in some if one.decide(host, 900.0 * poll).version == "7.2"}
        assert told == reached & {host.id for host in some}
    draw = random.Random(1).random
    drawn = sum(any(draw() < 0.01 for _ in range(polls)) for _ in some)
    assert 0.40 < drawn / len(some) < 0.46


def test_zero_is_nobody_and_hundred_is_everybody_and_a_share_is_exact() -> None:
    hosts = fleet(2000)
    assert all(rollout(0).decide(host, 0.0).version == "7.1" for host in hosts)
    assert all(rollout(100).decide(host, 0.0).version == "7.2" for host in hosts)
    assert Share.parse("0.1 %") == Share(Fraction(1, 1000)) == Share.parse(0.1)
    assert str(Share.parse("12.5")) == "12.5 %"


@pytest.mark.parametrize(
    "percent", ["", "x", "nan", "1/0", "101", "-1", "1e400", "1e999999999", "1E-999999999", "0.5e+99999999 %"]
)
def test_what_is_no_percentage_is_one_sentence(percent: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not possible|is no percentage"):
        Share.parse(percent)


def test_a_period_that_no_clock_can_count_and_a_fallback_to_itself_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="a period of 1 s or more"):
        Maximum(1, 1e-300)
    with pytest.raises(ConfigurationError, match="another version to fall back to"):
        rollout(state=State.WITHDRAWN, fallback="7.2")


@given(ids, percents, st.integers(1, 50))
def test_control_hosts_are_never_candidates_and_no_more_than_asked_for(
    endpoint: str, percent: object, controls: int
) -> None:
    got = rollout(percent, controls=controls).decide(Endpoint(endpoint), 0.0)
    assert (got.group is Group.CANDIDATE) == (got.version == "7.2")


def test_ten_control_hosts_for_each_candidate_host_and_the_rest_where_there_are_fewer() -> None:
    def count(percent: int) -> int:
        rule = rollout(percent)
        return sum(rule.decide(host, 0.0).group is Group.CONTROL for host in fleet(10_000))

    assert 900 < count(1) < 1100
    assert 4800 < count(50) < 5200
    assert count(100) == 0


def test_control_hosts_are_counted_within_the_same_hours_and_not_in_safe_mode() -> None:
    rule = rollout(1, hours=Hours.parse(["Mon 09:00-10:00"]))
    open_, closed = 4 * 86_400.0 + 9 * 3600, 0.0
    control = next(h for h in fleet(1000) if rule.decide(h, open_).group is Group.CONTROL)
    assert rule.decide(control, closed).group is Group.NEITHER
    assert rule.decide(replace(control, safe_mode=True), open_).group is Group.NEITHER


def test_a_ring_is_reached_or_not_and_beta_wants_an_opt_in() -> None:
    rule = rollout(
        shares={"internal": Share.parse(100), "beta": Share.parse(100)}, opt_in=frozenset({"beta"})
    )

    def reason(**more: object) -> Reason:
        return rule.decide(Endpoint("a", **more), 0.0).reason  # type: ignore[arg-type]

    assert reason(ring="internal") is Reason.SELECTED
    assert reason(ring="beta", opted_in=True) is Reason.SELECTED
    assert reason(ring="beta") is Reason.RING
    assert reason() is Reason.RING
    assert reason(ring="nowhere") is Reason.RING


def test_the_maximum_of_a_period_makes_the_others_wait_for_the_next() -> None:
    rule = rollout(100, maximum=Maximum(500, 3600.0))
    assert rule.decide(Endpoint("a"), 7300.0, 499).reason is Reason.SELECTED
    late = rule.decide(Endpoint("a"), 7300.0, 500)
    assert (late.reason, late.version, late.wait_s, late.waits) == (Reason.MAXIMUM, "7.1", 3500.0, True)
    assert rule.decide(Endpoint("a", offered=True), 7300.0, 500).reason is Reason.SELECTED
    assert [Maximum(1, 3600.0).period(now) for now in (0.0, 3599.9, 3600.0)] == [0, 0, 1]


def test_a_withdrawn_release_leaves_who_has_it_for_the_fallback() -> None:
    has_it = Endpoint("a", version="7.2")
    assert rollout(state=State.WITHDRAWN).decide(has_it, 0.0).version == "7.1"
    assert rollout(state=State.WITHDRAWN, fallback="7.0").decide(has_it, 0.0).version == "7.0"
    assert rollout(state=State.WITHDRAWN, fallback="7.0").decide(Endpoint("a"), 0.0).version == "7.1"


def test_outside_office_hours_a_host_waits_until_its_own_monday_morning() -> None:
    rule = rollout(100, hours=Hours.parse(["Mon-Fri 09:00-16:00"]))
    saturday_noon = 2 * 86_400.0 + 12 * 3600  # 3 January 1970
    berlin = rule.decide(Endpoint("a", utc_offset_min=60), saturday_noon)
    assert (berlin.reason, berlin.wait_s) == (Reason.HOURS, (24 + 20) * 3600.0)
    monday = 4 * 86_400.0 + 8 * 3600
    assert rule.decide(Endpoint("a", utc_offset_min=60), monday).reason is Reason.SELECTED
    assert rule.decide(Endpoint("a"), monday).wait_s == 3600.0


@given(st.floats(0, 4e9), st.integers(-720, 840), st.integers(0, 6), st.integers(0, 23), st.integers(1, 24))
def test_after_the_wait_the_hours_are_open(
    now: float, offset: int, day: int, begin: int, length: int
) -> None:
    name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day]
    end = (begin + length) % 24
    hours = Hours.parse([f"{name} {begin:02}:00-{end:02}:00" if end != begin else f"{name} 00:00-24:00"])
    wait_s = hours.wait_s(now, offset)
    assert 0 <= wait_s <= 7 * 86_400
    assert hours.wait_s(now + wait_s, offset) == 0


@pytest.mark.parametrize(
    "window",
    ["", "always", "Mon 9:00-16:00", "Mon 09:00-09:00", "Foo 09:00-10:00", "Mon 24:00-25:00", "Mon 09:60-10:00",
     "Mon-Foo 09:00-10:00", "Mon 09:00-24:01"],
)  # fmt: skip
def test_hours_that_make_no_sense_are_said(window: str) -> None:
    with pytest.raises(ConfigurationError, match=r"are no office hours: expected such as"):
        Hours.parse([window])


def test_hours_that_are_never_open_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="never open"):
        Hours.parse([])


@pytest.mark.parametrize("percent", ["", "one", "1/0", "nan", "inf", "-1", "101", "1 percent"])
def test_a_percentage_that_makes_no_sense_is_said(percent: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no percentage|is not possible"):
        Share.parse(percent)


@pytest.mark.parametrize(
    "more",
    [
        {"release": ""},
        {"release": "a\0b"},
        {"version": "7.1"},
        {"baseline": ""},
        {"version": ""},
        {"controls": 0},
    ],
)
def test_a_rollout_that_makes_no_sense_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        rollout(**more)
    with pytest.raises(ConfigurationError):
        Maximum(0, 60.0)
