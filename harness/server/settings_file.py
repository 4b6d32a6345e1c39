"""Reads `serve.yaml`. A mistake is one sentence with file, line and key."""

import importlib.util
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from harness.documents.problem import Problem
from harness.documents.yaml_document import load
from harness.model.errors import ConfigurationError
from harness.server.settings import PERSONAL, Settings
from harness.server.tls_files import tls_problems

LARGEST_PORT = 65_535


def load_settings(path: Path) -> Settings:
    """The settings. Raises `ConfigurationError` for any mistake."""
    return load(path, Settings, _problems, described_in="docs/serve.md")[0]


def _problems(settings: Settings) -> Sequence[Problem]:
    problems = []
    if settings.tls is None and not _loopback(settings.host):
        hint = "Name certificate and key under tls, or listen on 127.0.0.1."
        problems.append(
            Problem(("listen",), f"{settings.host!r} is not loopback, and there is no TLS.", hint)
        )
    if settings.port > LARGEST_PORT:
        problems.append(
            Problem(("listen",), f"there is no port {settings.port}.", f"At most {LARGEST_PORT}.")
        )
    if settings.tls:
        problems += tls_problems(settings.tls)
    problems += _by_ledger(settings)
    problems += _people(settings)
    seen: set[str] = set()
    for number, release in enumerate(settings.rollouts):
        try:
            release.rollout()
        except ConfigurationError as error:
            problems.append(Problem(("rollouts", number), str(error)))
        if release.release in seen:
            problems.append(Problem(("rollouts", number, "release"), "another release has the same id."))
        seen.add(release.release)
    return problems


def _by_ledger(settings: Settings) -> list[Problem]:
    """With a ledger nothing beside it may let a release out; without one nothing else does."""
    problems = []
    for number, release in enumerate(settings.rollouts):
        place = ("rollouts", number)
        if settings.ledger and not release.candidate:
            problems.append(
                Problem(place, "the key 'candidate' is missing: the ledger knows it by its SHA-256.")
            )
        elif settings.ledger and release.shares:
            problems.append(Problem((*place, "shares"), "the ledger says the shares.", "Leave out shares."))
        elif not settings.ledger and not release.shares:
            problems.append(Problem(place, "the key 'shares' is missing, and there is no ledger."))
    return problems


def _people(settings: Settings) -> list[Problem]:
    """Who acts on the ledger is a person, and needs a ledger and a key that signs."""
    problems = []
    if settings.ledger_key and not settings.ledger:
        problems.append(Problem(("ledger_key",), "there is no ledger that it could sign in.", "Name ledger."))
    if settings.notify and not settings.ledger:
        problems.append(
            Problem(("notify",), "there is no ledger whose events could be sent.", "Name ledger.")
        )
    if settings.playbooks and not settings.notify:
        problems.append(
            Problem(("playbooks",), "there is no destination that they could notify.", "Name notify.")
        )
    if settings.public_url and not settings.ledger_key:
        hint = "Name ledger and ledger_key."
        problems.append(Problem(("public_url",), "links answer in the ledger, and no key signs there.", hint))
    problems += _by_provider(settings)
    for number, token in enumerate(settings.tokens):
        place = ("tokens", number)
        wanted = sorted(scope.value for scope in PERSONAL & set(token.scopes))
        if wanted and not token.person:
            message = f"the scope {wanted[0]} takes a person."
            problems.append(Problem(place, message, "Add person: the name in tiers.yaml."))
        if token.person and not settings.ledger_key:
            message = "a person acts on the ledger, and the server has no key that signs there."
            problems.append(Problem((*place, "person"), message, "Name ledger and ledger_key."))
    return problems


def _by_provider(settings: Settings) -> list[Problem]:
    oidc = settings.oidc
    if oidc is None:
        return []
    problems = []
    missing = [name for name in ("authlib", "joserfc") if importlib.util.find_spec(name) is None]
    if missing:
        hint = "Install the harness with its extra: agent-bvt[sso]."
        problems.append(Problem(("oidc",), f"this needs {' and '.join(missing)}.", hint, at_key=True))
    if not settings.public_url:
        hint = "Name public_url: where people reach this server."
        problems.append(
            Problem(("oidc",), "the provider must know where to send people back.", hint, at_key=True)
        )
    address = urlsplit(oidc.issuer)
    if address.scheme != "https" and not _loopback(address.hostname or ""):
        problems.append(Problem(("oidc", "issuer"), "it is not https, so anybody could vouch for anybody."))
    if oidc.secret_from and oidc.secret_from not in os.environ:
        text = f"the environment has no {oidc.secret_from}."
        problems.append(Problem(("oidc", "secret_from"), text, "Set it before the server starts."))
    return problems


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
