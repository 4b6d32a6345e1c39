"""`notify.yaml`: who is told, where, and of what. Secrets stand in the environment, the file holds their names."""

import importlib.util
import os
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from harness.documents.problem import Problem
from harness.documents.yaml_document import load
from harness.model.base import Frozen, NotEmpty
from harness.model.errors import ConfigurationError

VARIABLE = re.compile(r"\$\{([^}]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EventKind(StrEnum):
    """What people are told of."""

    VERDICT = "verdict"
    APPROVAL = "approval"
    DONE = "done"
    REJECTED = "rejected"
    HALT = "halt"


class Destination(Frozen):
    """A channel, a mailbox or a webhook."""

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]*$")]
    url: NotEmpty = Field(description="as apprise has it; ${NAME} is taken from the environment")
    events: tuple[EventKind, ...] = Field(default=tuple(EventKind), min_length=1)
    person: str = Field(
        default="", description="whose alone it is, as tiers.yaml calls them: gets links that answer"
    )

    @property
    def secrets(self) -> list[str]:
        """Values that no log may hold, the longest first."""
        values = {os.environ.get(name, "") for name in VARIABLE.findall(self.url)} - {""}
        return sorted({*values, *(quote(value, safe="") for value in values)}, key=len, reverse=True)

    def address(self, environment: Mapping[str, str] = os.environ) -> str:
        """The URL with its secrets. Raises `KeyError` for a variable that is not set."""
        return VARIABLE.sub(lambda found: quote(environment[found[1]], safe=""), self.url)


class Notify(Frozen):
    """The whole file."""

    schema_version: Literal[1]
    destinations: tuple[Destination, ...] = Field(min_length=1)


def load_destinations(path: Path) -> tuple[Destination, ...]:
    """The destinations. Raises `ConfigurationError` with file, line and key for a mistake."""
    if importlib.util.find_spec("apprise") is None:
        raise ConfigurationError(
            "notifications need apprise, which is not installed.",
            file=str(path),
            hint="Install the harness with its extra: agent-bvt[notify].",
        )
    return load(path, Notify, _problems, described_in="docs/serve.md")[0].destinations


def _problems(notify: Notify) -> Sequence[Problem]:
    from apprise import Apprise

    problems: list[Problem] = []
    seen: set[str] = set()
    for number, each in enumerate(notify.destinations):
        place = ("destinations", number)
        if each.name in seen:
            problems.append(Problem((*place, "name"), f"there are two destinations {each.name!r}."))
        seen.add(each.name)
        try:
            address = each.address()
        except KeyError as error:
            name = str(error.args[0])
            what = f"the environment has no {name}" if NAME.fullmatch(name) else f"{name!r} names no variable"
            problems.append(
                Problem((*place, "url"), f"{what}.", "Set it, or write its name like ${CHAT_TOKEN}.")
            )
            continue
        if Apprise.instantiate(address, suppress_exceptions=True) is None:
            kind = each.url.partition("://")[0][:20]
            hint = "URLs are apprise's: mailtos://, mmosts://, slack://, jsons:// and others."
            problems.append(
                Problem((*place, "url"), f"no destination can be made of this {kind!r} URL.", hint)
            )
    return problems
