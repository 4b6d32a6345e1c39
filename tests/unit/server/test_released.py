"""With a ledger, only what it lets out reaches anybody."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.model.errors import ConfigurationError
from harness.rollout.decision import State
from harness.rollout.halt import HaltRule
from harness.server.released import as_released
from harness.server.settings import Settings
from harness.server.settings_file import load_settings
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, TIERS, World

TOKEN = {"name": "a", "sha256": "0" * 64, "scopes": ["read"]}


@pytest.fixture
def world() -> Iterator[World]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield World(Path(folder))


def settings(candidate: str = AGENT.sha256) -> Settings:
    release = {"product": "agent", "release": "r", "version": "2", "baseline": "1", "candidate": candidate}
    return Settings.model_validate({"tokens": [TOKEN], "ledger": "ledger.db", "rollouts": [release]})


def shares(world: World, candidate: str = AGENT.sha256) -> dict[str, str]:
    rollout = as_released(settings(candidate), world.promotion).rollouts[0].rollout()
    return {ring: str(share) for ring, share in rollout.shares.items()}


def test_a_release_goes_as_far_as_its_tiers_and_a_halt_in_the_ledger_stops_it(world: World) -> None:
    assert shares(world) == {}
    world.in_beta()
    assert set(shares(world)) == {"internal", "beta"}
    assert "beta" in as_released(settings(), world.promotion).rollouts[0].opt_in
    assert shares(world, "cd" * 32) == {}, "another candidate is not let out"
    world.at = datetime(2026, 1, 8, 9, 0, tzinfo=UTC)
    asked = world.promotion.promote(AGENT, "production", BUNDLE, PEOPLE["ann"]).asked
    world.promotion.approve(asked.id, PEOPLE["bob"])
    assert "production" not in shares(world), "one approval is not enough"
    assert world.promotion.approve(asked.id, PEOPLE["cyd"]).done
    assert shares(world)["production"] == "1 %"
    for tier in list(shares(world)):
        world.promotion.halt(AGENT.sha256, tier, PEOPLE["ann"])
        assert tier not in shares(world)
    assert as_released(settings(), world.promotion).rollouts[0].rollout().state is State.HALTED


def test_the_halt_rule_is_that_of_the_tiers_in_force(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        strict = World(Path(folder), tiers=TIERS + "halt_rule: {alpha: 0.001, harm: 0.005}\n")
        assert as_released(settings(), strict.promotion).rule == HaltRule(alpha=0.001, harm=0.005)
    assert as_released(settings(), world.promotion).rule == HaltRule()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("shares: {production: 1 %}", "'candidate' is missing"),
        (f"candidate: {'a' * 64}, shares: {{production: 1 %}}", "the ledger says the shares"),
    ],
)
def test_nothing_beside_the_ledger_lets_a_release_out(tmp_path: Path, more: str, words: str) -> None:
    path = tmp_path / "serve.yaml"
    token = f"tokens: [{{name: a, sha256: {'a' * 64}, scopes: [read]}}]\n"
    release = f"rollouts: [{{product: a, release: r, version: '2', baseline: '1', {more}}}]\n"
    path.write_text(f"{token}ledger: ledger.db\n{release}")
    with pytest.raises(ConfigurationError, match=words):
        load_settings(path)


def test_without_a_ledger_shares_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    token = f"tokens: [{{name: a, sha256: {'a' * 64}, scopes: [read]}}]\n"
    path.write_text(f"{token}rollouts: [{{product: a, release: r, version: '2', baseline: '1'}}]\n")
    with pytest.raises(ConfigurationError, match="'shares' is missing"):
        load_settings(path)
