"""What the parser has against a command line is one sentence and exit code 2, like every other mistake."""

import pytest

from harness.cli.main import _performed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("trend -p x --history h --runs 0", "--runs: expected at least 1, found '0'. See: bvt trend --help"),
        (
            "trend -p x --history h --runs 99999999999999999999999",
            "--runs: expected at most 1000, found '99999999999999999999999'. See: bvt trend --help",
        ),
        (
            "health 1.0 --tier t --sign k --hosts 1 --host-hours inf",
            "--host-hours: expected at most 1000000000000, found 'inf'. See: bvt health --help",
        ),
        (
            "gate verify r --key k --candidate c --not-before yesterday",
            "--not-before: expected a time, such as 2026-05-01T12:00:00Z, found 'yesterday'."
            " See: bvt gate verify --help",
        ),
        (
            "ledger prove many",
            "ENTRY: expected a whole number, found 'many'. See: bvt ledger prove --help",
        ),
        (
            "promote c --to t --sign k --kind agnet",
            "--kind: 'agnet' is not one of 'agent', 'configuration', 'content'. See: bvt promote --help",
        ),
        ("runn", "No such command 'runn'. Did you mean 'run'? See: bvt --help"),
        ("gate verfy", "No such command 'verfy'. Did you mean 'verify'? See: bvt gate --help"),
        ("plan c", "Missing option '--profile' / '-p'. See: bvt plan --help"),
        ("plan c d -p x", "Got unexpected extra argument(s) (d). See: bvt plan --help"),
        ("plan c -p", "Option '-p' requires an argument."),
        (
            "plan c --profil x",
            "No such option: --profil (Possible options: --pool, --profile). See: bvt plan --help",
        ),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _performed(arguments.split()) == 2
    assert capsys.readouterr().err == f"bvt: {said}\n"


@pytest.mark.parametrize("arguments", [[], ["gate"]])
def test_without_a_command_the_help_is_shown_alone(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _performed(arguments) == 2
    shown = capsys.readouterr()
    assert "Commands" in shown.out + shown.err
    assert "bvt: " not in shown.err


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_only_tells_something_succeeds(option: str) -> None:
    assert _performed([option]) == 0


def test_an_empty_name_of_a_key_signs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert _performed(["gate", "sign", "nowhere", "--key", ""]) == 2
    assert "no private key is named" in capsys.readouterr().err
