"""What a guest says of itself is recorded without the names that are in it."""

from types import SimpleNamespace
from typing import Any, cast

from harness.guest.guest import Guest
from harness.guest.recording import QUESTIONS, record, without_names
from harness.guest.winrm.exchange import CommandTimedOut


class Talking:
    """A guest that is called WS-7 and whose drivers are never listed to the end."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def run(self, argv: list[str], **given: Any) -> Any:
        assert given["repeatable"]
        self.asked.append(list(argv))
        if argv[0].endswith("hostname.exe"):
            return SimpleNamespace(stdout="WS-7\r\n", stderr="", exit_code=0)
        if "pnputil" in argv[0]:
            raise CommandTimedOut("pnputil", 1.0, b"oem1.inf of ws-7", b"")
        return SimpleNamespace(stdout=f"{argv[0]} on Ws-7", stderr="no tom here", exit_code=3)


def test_everything_is_asked_and_answers_have_no_names() -> None:
    guest = Talking()
    recorded = record(cast(Guest, guest), ["tom"])
    assert set(recorded) == set(QUESTIONS)
    assert guest.asked[1:] == [list(argv) for argv in QUESTIONS.values()]
    text = str(recorded).lower()
    assert "ws-7" not in text
    assert "tom" not in text
    assert recorded["services"].exit_code == 3
    assert (recorded["drivers"].exit_code, recorded["drivers"].stdout) == (None, "oem1.inf of NAME")


def test_identifiers_of_accounts_lose_their_domain_and_keep_their_number() -> None:
    text = "S-1-5-21-2297499104-2362337018-4092230427-1000 and S-1-5-18 and S-1-5-32-544"
    assert without_names(text, []) == "S-1-5-21-1-2-3-1000 and S-1-5-18 and S-1-5-32-544"


def test_the_longer_name_goes_first() -> None:
    assert without_names("bvt-win11 of bvt", ["bvt", "BVT-WIN11", ""]) == "NAME of NAME"
