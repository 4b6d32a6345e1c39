"""The table of clients in docs/winrm-server.md: what a client was seen to do, against what the document says."""

import traceback
from pathlib import Path

from tests.integration.winrmd.clients.capabilities import CAPABILITIES, Place

DOCUMENT = Path(__file__).parents[4] / "docs" / "winrm-server.md"
CAN, LACKS, FAILS = "yes", "–", "no"
HEAD = f"| client | {' | '.join(CAPABILITIES)} |"


def row(name: str, seen: dict[str, str]) -> str:
    """A line of the table."""
    return f"| {name} | {' | '.join(seen[capability] for capability in CAPABILITIES)} |"


def reasons(name: str, lacks: dict[str, str]) -> str:
    """The line below the table that says why a client cannot what it cannot."""
    return (
        f"- {name}: " + "; ".join(f"*{capability}*: {reason}" for capability, reason in lacks.items()) + "."
    )


def compare(place: Place) -> None:
    """Try everything; fails, with the lines as they should be, where the document says otherwise or the server fails."""
    client, troubles = place.client, []
    unknown = set(client.lacks) - set(CAPABILITIES)
    assert not unknown, f"{client.name} lacks what is no capability: {unknown}"
    seen = dict.fromkeys(client.lacks, LACKS)
    for capability, check in CAPABILITIES.items():
        if capability in client.lacks:
            continue
        try:
            check(place)
            seen[capability] = CAN
        except Exception:  # noqa: BLE001 - whatever a client raises: the server did not serve it
            seen[capability] = FAILS
            troubles.append(f"{client.name}, {capability}:\n{traceback.format_exc(limit=-3)}")
    assert not troubles, "\n".join(troubles)
    expected = [HEAD, row(client.name, seen)]
    if client.lacks:
        expected.append(reasons(client.name, dict(client.lacks)))
    said = DOCUMENT.read_text(encoding="utf-8").splitlines()
    wrong = [line for line in expected if line not in said]
    assert not wrong, f"{DOCUMENT.name} does not say what was seen; it should have:\n" + "\n".join(wrong)
