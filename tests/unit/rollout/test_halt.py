"""The halt rule: what it must never do too often, and what it must always do."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.rollout.decision import Rollout
from harness.rollout.halt import Bets, HaltRule, Harm, Race
from harness.rollout.health import Assessment, Health, Watched, assess, heard
from harness.rollout.share import Share
from harness.rollout.simulation import ORDINARY, Fleet, Rates, halted, harms, reached, threshold_halts_at

RULE = HaltRule()
LONG_AFTER = 1e6
counts = st.integers(1, 100_000)
SILENT: Rates = {**ORDINARY, Harm.SILENCE: ORDINARY[Harm.SILENCE] + 0.1}
"""It crashes a tenth of the hosts so that they never report."""


@given(counts, counts, st.sampled_from(list(Harm)), st.floats(1, 10))
def test_without_a_difference_the_evidence_neither_grows_nor_shrinks_on_average(
    candidates: int, controls: int, harm: Harm, tolerated: float
) -> None:
    rule = HaltRule(tolerated_ratio=tolerated)
    chance = candidates * tolerated / (candidates * tolerated + controls)
    mean = 0.0
    for candidate, probability in ((True, chance), (False, 1 - chance)):
        race = Race(rule)
        race.harmed(harm, candidate=candidate, candidates=candidates, controls=controls)
        mean += probability * math.exp(race.evidence)
    assert mean == pytest.approx(1)


@given(st.floats(0, 1), st.floats(0.001, 0.4), st.integers(1, 20))
def test_a_release_that_does_the_harm_wins_no_bet_on_average(control: float, harm: float, hosts: int) -> None:
    rule = HaltRule(harm=harm)
    release = control + harm
    if release > 1:
        return
    mean = 0.0
    for candidate, chance in ((1.0, release), (0.0, 1 - release)):
        for number in range(hosts + 1):
            bets = Bets(rule)
            bets.block(candidate, number / hosts)
            of_control = math.comb(hosts, number) * control**number * (1 - control) ** (hosts - number)
            mean += chance * of_control * math.exp(bets.evidence)
    assert mean <= 1 + 1e-9


def test_of_harmless_roll_outs_no_more_than_alpha_are_halted_over_all_looks() -> None:
    random_, runs = random.Random(1), 10_000
    assert sum(halted(RULE, random_, 200, 2000, ORDINARY, ORDINARY) for _ in range(runs)) <= RULE.alpha * runs


def test_a_rule_that_looked_without_paying_for_its_looks_would_be_caught_by_that_test() -> None:
    random_, runs = random.Random(1), 300
    lax = RULE.model_copy(update={"alpha": 0.9})
    assert sum(halted(lax, random_, 200, 2000, ORDINARY, ORDINARY) for _ in range(runs)) > RULE.alpha * runs


def test_a_release_that_silences_a_tenth_of_its_hosts_is_halted_within_the_first_per_cent() -> None:
    hosts = _roll_out(SILENT)
    found = assess(hosts, RULE, LONG_AFTER)
    everybody = reached(hosts, None)
    assert found.health is Health.HALT
    assert "silence" in found.reason
    assert reached(hosts, found.worse_since) < everybody / 2
    assert reached(hosts, threshold_halts_at(hosts, 0.05, 20)) == everybody  # nothing is ever reported


def test_a_release_that_crashes_a_tenth_and_reports_it_is_halted_sooner_than_by_a_threshold() -> None:
    hosts = _roll_out({**ORDINARY, Harm.CRASH: 0.1})
    found = assess(hosts, RULE, LONG_AFTER)
    assert found.health is Health.HALT
    assert reached(hosts, found.worse_since) <= reached(hosts, threshold_halts_at(hosts, 0.05, 20))


def test_a_release_like_the_old_one_is_called_healthy_and_one_that_does_the_harm_is_not() -> None:
    assert assess(_roll_out({Harm.CRASH: 0.001}), RULE, LONG_AFTER).may_rise
    harmful = {**ORDINARY, Harm.CRASH: ORDINARY[Harm.CRASH] + RULE.harm}
    seeds = range(3)
    assert not any(assess(_roll_out(harmful, seed), RULE, LONG_AFTER).may_rise for seed in seeds)


def test_the_order_in_which_hosts_are_handed_over_makes_no_difference() -> None:
    hosts = _roll_out(SILENT)
    shuffled = hosts[:]
    random.Random(2).shuffle(shuffled)
    assert assess(hosts, RULE, 40_000.0) == assess(shuffled, RULE, 40_000.0)


def test_what_lies_in_the_future_is_not_known_yet() -> None:
    hosts = [
        replace(host, entered=0.0, last_seen=0.0, harm=None, harmed_at=0.0) for host in _roll_out(ORDINARY)
    ]
    before, after = assess(hosts, RULE, 3599.0), assess(hosts, RULE, 3600.0)
    assert (before.candidate.silences, before.control.silences) == (0, 0)
    assert after.candidate.silences == after.candidate.watched
    assert (
        after.health is Health.INCONCLUSIVE
    )  # as many of the others are silent: the backend is down, or the network


def test_where_the_whole_fleet_is_unwell_nothing_is_called_healthy() -> None:
    """An outage that silences both groups alike would hide what the release does."""
    hosts = [replace(host, last_seen=host.entered, harm=None, harmed_at=0.0) for host in _roll_out(ORDINARY)]
    found = assess(hosts, RULE, LONG_AFTER)
    assert (found.health, found.may_rise) == (Health.INCONCLUSIVE, False)
    assert "something else is wrong" in found.reason
    assert assess(hosts, RULE.model_copy(update={"control_harm": 1.0}), LONG_AFTER).health is Health.HEALTHY


@pytest.mark.parametrize(("side", "words"), [(True, "no control group"), (False, "No host has been offered")])
def test_without_one_of_the_groups_nothing_is_known_and_nothing_rises(side: bool, words: str) -> None:
    hosts = [replace(host, harm=Harm.CRASH, harmed_at=host.entered) for host in _roll_out(ORDINARY)]
    found = assess([host for host in hosts if host.candidate is side], RULE, LONG_AFTER)
    assert (found.health, found.may_rise) == (Health.INCONCLUSIVE, False)
    assert words in found.reason


def test_nothing_at_all_is_inconclusive() -> None:
    assert assess([], RULE, 0.0).health is Health.INCONCLUSIVE


def test_a_control_host_that_became_a_candidate_counts_until_then() -> None:
    host = Watched("a", False, "production", 0.0, 0.0, released=1800.0)
    assert _silences(assess([host], RULE, LONG_AFTER)) == (0, 0)
    assert _silences(assess([replace(host, released=3600.0)], RULE, LONG_AFTER)) == (0, 1)


def test_a_silence_is_not_forgotten_when_the_host_comes_back() -> None:
    host = Watched("a", True, "production", 0.0, 0.0)
    back = heard(heard(host, 1000.0, RULE), 9000.0, RULE)
    assert (back.harm, back.harmed_at, back.last_seen) == (Harm.SILENCE, 4600.0, 9000.0)
    assert heard(back, 9100.0, RULE, Harm.CRASH) == back  # the first harm counts
    assert _silences(assess([back], RULE, 9000.0)) == (1, 0)


def test_a_silence_after_the_window_is_no_harm_and_a_crash_is_one_when_it_is_reported_in_time() -> None:
    host = Watched("a", True, "production", 0.0, 14_000.0)
    assert heard(host, 30_000.0, RULE).harm is None
    crashed = heard(host, 14_100.0, RULE, Harm.CRASH)
    assert assess([crashed], RULE, LONG_AFTER).candidate.crashes == 1
    late = heard(host, 15_000.0, RULE, Harm.CRASH)
    assert assess([late], RULE, LONG_AFTER).candidate.harmed == 0
    assert heard(host, 100.0, RULE, Harm.CRASH) == host  # a report that was overtaken


@given(
    st.lists(
        st.builds(
            Watched,
            st.text(max_size=3),
            st.booleans(),
            st.sampled_from(["production", "beta"]),
            st.floats(0, 1e5),
            st.floats(0, 1e5),
            st.sampled_from([None, *Harm]),
            st.floats(0, 1e5),
            st.floats(0, 1e5),
        ),
        max_size=30,
    ),
    st.floats(0, 2e5),
)
def test_whatever_was_heard_there_is_an_answer(hosts: list[Watched], now: float) -> None:
    found = assess(hosts, RULE, now)
    assert found.candidate.watched + found.control.watched == len(hosts)
    assert math.isfinite(found.worse_evidence)
    assert math.isfinite(found.good_evidence)


@pytest.mark.parametrize(
    "wrong",
    [{"alpha": 0}, {"alpha": 0.5}, {"power": 1}, {"harm": 0}, {"tolerated_ratio": 0.5}, {"window_s": 0}, {"alfa": 0.1}],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        HaltRule(**wrong)


def test_a_window_that_no_silence_fits_in_is_refused() -> None:
    with pytest.raises(ValidationError, match="twice as long"):
        HaltRule(window_s=3600.0, silence_s=3600.0)


@given(st.integers(0, 50), st.floats(0, 1))
def test_simulated_harms_are_no_more_than_there_are_hosts(hosts: int, rate: float) -> None:
    assert len(harms(random.Random(1), hosts, {Harm.CRASH: rate})) <= hosts


def _silences(found: Assessment) -> tuple[int, int]:
    return found.candidate.silences, found.control.silences


def _roll_out(release: Rates, seed: int = 1) -> list[Watched]:
    rollout = Rollout("7.2.0@1", "7.2.0", "7.1.0", {"production": Share.parse(1)})
    return Fleet().roll_out(rollout, release, RULE, random.Random(seed))
