"""Properties that carry secrets, and properties that never reach the elevated part of the installation.

Sources: "MsiHiddenProperties property", "SecureCustomProperties property", "Preventing Confidential Information from
Being Written into the Log File".
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_actions import TYPE_BITS
from harness.rules.rule import Broken, Group, Msi, Severity, bits, rule

SECRET_PLACEHOLDERS = ("{enrol_secret}",)
"""What a profile fills in that nobody may read."""
LIKE_A_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|CREDENTIAL", re.IGNORECASE)
SETS = (35, 51)
HIDES_TARGET = 0x2000


@rule(
    Group.PROPERTIES,
    "secret-in-log",
    "a property that carries a secret is kept out of the log: it is in MsiHiddenProperties",
    "MsiHiddenProperties property",
)
def secret_in_log(msi: Msi) -> Iterator[Broken]:
    for name in sorted(_secrets(msi)):
        if name not in msi.contents.hidden_properties:
            yield Broken(
                "Property: MsiHiddenProperties",
                f"it does not name {name}, by which the profile hands over a secret",
            )


@rule(
    Group.PROPERTIES,
    "secret-handed-on",
    "a secret that is handed to a custom action is kept out of the log there, too",
    "Preventing Confidential Information from Being Written into the Log File",
)
def secret_handed_on(msi: Msi) -> Iterator[Broken]:
    secrets = _secrets(msi) | msi.contents.hidden_properties
    for row in msi.rows("CustomAction"):
        carried = [name for name in re.findall(r"\[(\w+)\]", row["Target"]) if name in secrets]
        if not carried:
            continue
        if bits(row, "Type") & TYPE_BITS in SETS:
            hidden = row["Source"] in msi.contents.hidden_properties
        else:
            hidden = bool(bits(row, "Type") & HIDES_TARGET)
        if not hidden:
            yield Broken(f"CustomAction: {row['Action']}", f"it carries {carried[0]} into the log")


@rule(
    Group.PROPERTIES,
    "looks-like-a-secret",
    "a property that looks like a secret is in MsiHiddenProperties",
    "MsiHiddenProperties property",
    Severity.WARNING,
)
def looks_like_a_secret(msi: Msi) -> Iterator[Broken]:
    for name in msi.contents.own_properties:
        if LIKE_A_SECRET.search(name) and name not in msi.contents.hidden_properties | _secrets(msi):
            yield Broken("Property: MsiHiddenProperties", f"it does not name {name}")


@rule(
    Group.PROPERTIES,
    "never-arrives",
    "what the profile hands over reaches the elevated part of the installation: it is in SecureCustomProperties",
    "SecureCustomProperties property",
    Severity.WARNING,
)
def never_arrives(msi: Msi) -> Iterator[Broken]:
    secure = set(msi.properties.get("SecureCustomProperties", "").split(";"))
    given = msi.profile.installer.properties if msi.profile else {}
    for name in given:
        if name.upper() in msi.contents.own_properties and name.upper() not in secure:
            yield Broken("Property: SecureCustomProperties", f"it does not name {name.upper()}")


def _secrets(msi: Msi) -> set[str]:
    """By which the profile hands over a secret, in this or in a scenario's properties."""
    if msi.profile is None:
        return set()
    installer = msi.profile.installer
    given = [installer.properties, *installer.scenario_properties.values()]
    return {
        name.upper()
        for properties in given
        for name, text in properties.items()
        if any(secret in text for secret in SECRET_PLACEHOLDERS)
    }
