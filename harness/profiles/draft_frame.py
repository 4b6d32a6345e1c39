"""What every draft of a profile begins and ends with, and how text stands in it. Pure."""

import json
from collections.abc import Sequence

from harness.model.candidate import Platform

SHOWN = 40
"""Files, or values, that a draft names; of the others it says how many there are."""

LATER = """\
# TODO: the agent at its backend: when it must be seen, and what its host identifier is made from (hostname, uuid).
# Take check_in out if it has no backend.
# Files that it needs before it can check in go into guest_files; see docs/formats/profile.md.
check_in:
  deadline_s: 60
  heartbeat_s: 60
  identity: hostname

# TODO: what may stay after the uninstall, each with a reason.
{permanent}keeps: []

# TODO: all below is not tested until it is declared, and the verdict says so.
# version_command: ['C:\\Program Files\\Vendor\\Agent\\agent.exe', --version]
# logs: ['C:\\ProgramData\\Vendor\\Agent\\agent.log']
# diagnostics: {status: ['C:\\Program Files\\Vendor\\Agent\\agent.exe', --status]}
# configuration:
#   base: {}
# telemetry:
#   process_start: {query: processes, columns: {pid: "{pid}", cmdline: "~{nonce}"}}
# live_query: {sql: "SELECT version FROM osquery_info", expect: {version: "{version}"}}
# response_actions: {}
"""


def head(name: str, file: str, product: str, platform: Platform) -> list[str]:
    """The first lines: what the draft was made from, and the product."""
    return [
        f"# Drafted by `bvt init` from {printable(file)}. Format: docs/formats/profile.md.",
        "# Correct what is marked TODO, then look at: bvt plan CANDIDATE --profile " + name,
        "schema_version: 1",
        f"name: {name}",
        f"title: {quoted(_without_version(product))}",
        "status: unverified",
        f"product_name: {quoted(product)}",
        f"platform: {platform.value}",
        "",
    ]


def later(permanent: Sequence[str]) -> str:
    """What no installer says of its agent, as comments to complete. `permanent`: files that stay by design."""
    named = [f"# Its component is permanent, so it stays: {printable(path)}" for path in permanent[:SHOWN]]
    return LATER.replace("{permanent}", "".join(f"{line}\n" for line in named))


def folder(product: str) -> str:
    """Where a product of this name is likely to be: the name without what no folder's name holds, and without braces."""
    kept = "".join(sign for sign in product if sign.isprintable() and sign not in '<>:"/\\|?*%{}')
    return f"C:\\Program Files\\{kept.strip(' .') or 'Agent'}"


def quoted(text: str) -> str:
    """A YAML scalar that is always text: in single quotes where that can hold it."""
    if text.isprintable():
        return f"'{text.replace(chr(39), chr(39) * 2)}'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(sign: str) -> str:
    """As YAML has it in double quotes: by its number, also beyond 16 bits, where JSON would write two halves."""
    return sign if sign.isprintable() and sign not in '"\\' else f"\\U{ord(sign):08X}"


def printable(text: str) -> str:
    """Text for a comment: one line, whatever is in it."""
    return text if text.isprintable() else json.dumps(text)


def _without_version(product: str) -> str:
    return " ".join(product.replace("{version}", "").split()) or product
