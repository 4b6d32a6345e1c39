"""`serve.yaml`: every mistake is one sentence with its place."""

from pathlib import Path

import pytest

from harness.model.errors import ConfigurationError
from harness.server.settings_file import load_settings

GOOD = """\
tokens:
  - {name: eu, sha256: %s, scopes: [decide, health]}
rollouts:
  - product: agent
    release: agent-7.2.0
    version: 7.2.0
    baseline: 7.1.0
    shares: {internal: 100 %%, production: 0.5}
    hours: ["Mon-Fri 09:00-16:00"]
    maximum: {hosts: 500, period_s: 3600}
""" % ("a" * 64)


def test_good_settings_are_read(tmp_path: Path) -> None:
    settings = load_settings(_file(tmp_path, GOOD))
    rollout = settings.rollouts[0].rollout()
    assert str(rollout.shares["production"]) == "0.5 %"
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8480, 2)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tokens:", "listen: 0.0.0.0:80\ntokens:", "is not loopback, and there is no TLS"),
        ("tokens:", "listen: 127.0.0.1:99999\ntokens:", "there is no port 99999. At most 65535."),
        ("tokens:", "tls: {certificate: none.pem, key: none.key}\ntokens:", "tls.certificate: none.pem: there is no"),
        ("tokens:", "listen: here\ntokens:", "listen"),
        ("a" * 64, "secret", "sha256"),
        ("decide, health", "decide, everything", "scopes"),
        ("decide, health", "", "scopes"),
        ("0.5", "0.5.1", "no percentage"),
        ("0.5", "105 %", "not possible"),
        ("Mon-Fri 09:00-16:00", "always", "no office hours"),
        ("baseline: 7.1.0", "baseline: 7.2.0", "another one as its baseline"),
        ("hosts: 500", "hosts: 0", "at least 1"),
        ("rollouts:", "rule: {alpha: 2}\nrollouts:", "alpha"),
        ("rollouts:", "rule: {window_s: 60}\nrollouts:", "twice as long"),
        ("rollouts:", "rolouts:", "rolouts"),
        ("rollouts:", "notify: n.yaml\nrollouts:", "there is no ledger whose events could be sent"),
        ("rollouts:", "playbooks: p.yaml\nrollouts:", "there is no destination that they could notify"),
        ("rollouts:", "ledger_key: k\nrollouts:", "there is no ledger that it could sign in"),
        ("  - {name", "  - {name: eu, sha256: %s, scopes: [read]}\n  - {name" % ("b" * 64), "the same name"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_file_and_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = _file(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError, match=words) as error:
        load_settings(path)
    assert str(path) in str(error.value)


def test_two_releases_of_one_id_are_refused(tmp_path: Path) -> None:
    again = "  - {product: other, release: agent-7.2.0, version: '2', baseline: '1', shares: {a: 1}}\n"
    with pytest.raises(ConfigurationError, match="the same id"):
        load_settings(_file(tmp_path, GOOD + again))


def _file(folder: Path, text: str) -> Path:
    path = folder / "serve.yaml"
    path.write_text(text)
    return path
