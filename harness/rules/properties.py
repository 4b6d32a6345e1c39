"""Properties that carry secrets, and properties that never reach the elevated part of the installation.

Sources: "MsiHiddenProperties property", "SecureCustomProperties property", "Preventing Confidential Information from
Being Written into the Log File".
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_actions import PROGRAMS, TYPE_BITS
from harness.candidate.msi_tables import Row
from harness.rules.rule import Broken, Group, Msi, Severity, bits, rule

SECRET_PLACEHOLDERS = ("{enrol_secret}",)
"""What a profile fills in that nobody may read."""
LIKE_A_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|CREDENTIAL", re.IGNORECASE)
ABOUT_A_SECRET = re.compile(
    r"(?:FILE|PATH|DIR(?:ECTORY)?|CACHE|STORE|HEADER|ALG(?:ORITHM)?|TYPE|NAME|ID|AUDIENCE|ISSUER|PROVIDER|UR[IL]|ENDPOINT"
    r"|HOST|SERVER|SERVICE|LENGTH|POLICY|EXPIRY|EXPIRES|TTL|LIFETIME|FORMAT|VERSION|MODE|CLASS|SCOPE|THUMBPRINT|FINGERPRINT)S?$"
    r"|^PUBLIC|TOKENI[SZ]",
    re.IGNORECASE,
)
"""A name that tells of a secret's place or kind: `TOKEN_ALGORITHM`, `ApiKeyHeader`; of a key's public half; of words."""
LIKE_A_VALUE = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])(?!https?:|\{)[^\s\[\]\\]{8,}")
"""A word with letters and digits, and no path, address or GUID."""
SETS = (35, 51)
HIDES_TARGET = 0x2000
ON_COMMAND_LINES = (
    ("CustomAction", "Action", "Target"),
    ("ServiceInstall", "Name", "Arguments"),
    ("Shortcut", "Shortcut", "Arguments"),
)
"""Table, its key, and the column that becomes a command line."""


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
    "secret-on-command-line",
    "no program is started with a secret on its command line, which every user of the machine can read",
    "Custom Action Types 2, 18, 34 and 50; ServiceInstall table: Arguments; Shortcut table: Arguments",
)
def secret_on_command_line(msi: Msi) -> Iterator[Broken]:
    secrets = _secrets(msi) | msi.contents.hidden_properties
    for table, key, column in ON_COMMAND_LINES:
        for row in msi.rows(table):
            if table == "CustomAction" and bits(row, "Type") & TYPE_BITS not in PROGRAMS:
                continue
            if carried := [name for name in re.findall(r"\[(\w+)\]", row.get(column, "")) if name in secrets]:
                yield Broken(f"{table}: {row[key]}", f"its command line holds {carried[0]}")


@rule(
    Group.PROPERTIES,
    "secret-read-back",
    "a secret that is read back from an earlier installation is kept out of the log: it is in MsiHiddenProperties",
    "RegLocator table, MsiHiddenProperties property",
)
def secret_read_back(msi: Msi) -> Iterator[Broken]:
    secrets = _secrets(msi) | msi.contents.hidden_properties
    written = {
        _place(row)
        for row in msi.rows("Registry")
        if any(name in secrets for name in re.findall(r"\[(\w+)\]", row["Value"]))
    }
    places = {row["Signature_"]: _place(row) for row in msi.rows("RegLocator")}
    for row in msi.rows("AppSearch"):
        read, name = places.get(row["Signature_"]), row["Property"]
        if read in written and name not in msi.contents.hidden_properties:
            yield Broken(f"AppSearch: {name}", f"it reads {read[1]}\\{read[2]}, which holds a secret")


@rule(
    Group.PROPERTIES,
    "password-in-tables",
    "the package holds no password: whoever has it can read its tables",
    "ServiceInstall table: Password; Property table; Registry table",
)
def password_in_tables(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("Property"):
        named = _is_of_a_secret(row["Property"]) or row["Property"] in _secrets(msi)
        if named and LIKE_A_VALUE.fullmatch(row["Value"]):
            yield Broken(
                f"Property: {row['Property']}", "its value is written out, and looks like a password"
            )
    for row in msi.rows("Registry"):
        if _is_of_a_secret(row["Name"]) and LIKE_A_VALUE.fullmatch(row["Value"]):
            yield Broken(
                f"Registry: {row['Registry']}", "its value is written out, and looks like a password"
            )
    for row in msi.rows("ServiceInstall"):
        if row.get("Password") and "[" not in row["Password"]:
            yield Broken(f"ServiceInstall: {row['Name']}", "the password of its account is written out")


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
    given = msi.profile.installer.properties if msi.profile else {}
    for name in given:
        if name.upper() in msi.contents.own_properties and name.upper() not in msi.secure:
            yield Broken("Property: SecureCustomProperties", f"it does not name {name.upper()}")


def _is_of_a_secret(name: str) -> bool:
    return bool(LIKE_A_SECRET.search(name)) and not ABOUT_A_SECRET.search(name)


def _place(row: Row) -> tuple[str, str, str]:
    """Root, key and name, as Windows compares them."""
    return row["Root"], row["Key"].strip("\\").lower(), row["Name"].lower()


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


@rule(
    Group.PROPERTIES,
    "user-control",
    "a user who is no administrator chooses no property of an installation that runs with the system's rights",
    "EnableUserControl property",
)
def user_control(msi: Msi) -> Iterator[Broken]:
    if msi.properties.get("EnableUserControl", "") == "1":
        yield Broken("Property: EnableUserControl", "it is '1': every property may be set by every user")
