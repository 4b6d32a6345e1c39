"""`notify.yaml`: each mistake is one sentence with its line, and no secret is ever shown."""

from pathlib import Path

import pytest

from harness.model.errors import ConfigurationError
from harness.people.destinations import Destination, load_destinations
from harness.people.sending import masked

GOOD = "schema_version: 1\ndestinations:\n  - {name: chat, url: 'mmost://127.0.0.1:9/${BVT_TEST_CHAT}'}\n"


def test_secrets_come_from_the_environment_and_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BVT_TEST_CHAT", "a secret/with signs")
    path = tmp_path / "notify.yaml"
    path.write_text(GOOD)
    [chat] = load_destinations(path)
    assert chat.address() == "mmost://127.0.0.1:9/a%20secret%2Fwith%20signs"
    assert masked("refused: a secret/with signs\n is wrong", chat) == "refused: … is wrong"
    assert masked(f"refused by {chat.address()}", chat) == "refused by mmost://127.0.0.1:9/…"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "{name: chat, url: 'mmost://h/${BVT_TEST_NONE}'}",
            "notify.yaml:3: destinations[0].url: the environment has no",
        ),
        ("{name: chat, url: 'mmost://h/${}'}", "'' names no variable"),
        (
            "{name: chat, url: 'carrier-pigeon://roof'}",
            "no destination can be made of this 'carrier-pigeon' URL",
        ),
        ("{name: chat, url: 'json://h', events: [everything]}", "everything"),
        ("{name: Chat Room, url: 'json://h'}", "name"),
        ("{name: chat}", "'url' is missing"),
        ("{name: chat, url: 'json://h'}\n  - {name: chat, url: 'json://i'}", "two destinations 'chat'"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "notify.yaml"
    path.write_text(f"schema_version: 1\ndestinations:\n  - {line}\n")
    with pytest.raises(ConfigurationError) as error:
        load_destinations(path)
    assert words in str(error.value), str(error.value)


def test_an_unset_secret_hides_nothing() -> None:
    assert Destination(name="a", url="json://h/${BVT_TEST_NONE}").secrets == []
