"""What becomes of this release when a newer one is there, or takes its place: no gate of this release can try that.

Sources: "RemoveExistingProducts action", "Upgrade table", "Preventing an Old Package from Installing Over a Newer
Version", "UPGRADINGPRODUCTCODE property", "SecureCustomProperties property"; ICE61 and ICE63.
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_actions import LIBRARIES, PROGRAMS, SCRIPTS, TYPE_BITS
from harness.candidate.msi_folders import SYSTEM_FOLDERS
from harness.candidate.msi_tables import Row, Tables
from harness.model.profile import AgentProfile
from harness.model.release import Downgrade
from harness.rules.condition import NotACondition, decide
from harness.rules.rule import Broken, Group, Msi, bits, rule, scheduled
from harness.rules.system import AT_A_FIRST_INSTALL, AT_AN_UNINSTALL
from harness.rules.upgrade import MIN_INCLUSIVE, ONLY_DETECT, fields

REMOVES = "RemoveExistingProducts"
BEGINS = ("InstallInitialize", "InstallExecute", "InstallExecuteAgain")
"""After each of them nothing waits in the script to be done."""
FILLS_THE_SCRIPT = frozenset(
    {
        *("ProcessComponents", "UnpublishComponents", "UnpublishFeatures", "StopServices", "DeleteServices"),
        *(
            "RemoveRegistryValues",
            "RemoveFiles",
            "RemoveFolders",
            "CreateFolders",
            "MoveFiles",
            "InstallFiles",
        ),
        *(
            "WriteRegistryValues",
            "WriteEnvironmentStrings",
            "InstallServices",
            "StartServices",
            "CreateShortcuts",
        ),
        *("RegisterUser", "RegisterProduct", "PublishComponents", "PublishFeatures", "PublishProduct"),
    }
)
SHOWS_AN_ERROR = 19
SETS = (35, 51)
AT_A_REPLACEMENT = AT_AN_UNINSTALL | {"UPGRADINGPRODUCTCODE": "{00000000-0000-0000-0000-000000000001}"}
DELETES = re.compile(
    r"\b(?:rd|rmdir|del|erase|remove-item|reg(?:\.exe)?\"?\s+delete|--purge|deltree)\b", re.IGNORECASE
)


@rule(
    Group.UPGRADE,
    "removes-at-a-wrong-time",
    "earlier releases are removed where Windows Installer lets them be",
    "RemoveExistingProducts action; ICE63",
)
def removes_at_a_wrong_time(msi: Msi) -> Iterator[Broken]:
    removal = scheduled(msi, REMOVES)
    if removal is None or not msi.rows("Upgrade"):
        return
    at = bits(removal, "Sequence")
    places = {row["Action"]: bits(row, "Sequence") for row in msi.rows("InstallExecuteSequence")}
    if at < places.get("InstallValidate", 0):
        yield Broken(f"InstallExecuteSequence: {REMOVES}", "it stands before InstallValidate (error 2613)")
    begun = max((places[name] for name in BEGINS if 0 < places.get(name, 0) < at), default=0)
    if not begun or at > places.get("InstallFinalize", at):
        return
    between = [name for name, place in places.items() if begun < place < at and name in FILLS_THE_SCRIPT]
    if between:
        first = min(between, key=places.__getitem__)
        yield Broken(
            f"InstallExecuteSequence: {REMOVES}",
            f"it stands after {first}, and no InstallExecute between them does what waits (error 2613)",
        )


@rule(
    Group.UPGRADE,
    "property-never-arrives",
    "what was found of other releases reaches the part of the installation that removes them",
    "Upgrade table: ActionProperty; SecureCustomProperties property; ICE61",
)
def property_never_arrives(msi: Msi) -> Iterator[Broken]:
    for name in dict.fromkeys(row["ActionProperty"] for row in msi.rows("Upgrade")):
        if name != name.upper():
            yield Broken(f"Upgrade: {name}", "it is no public property: its name has small letters")
        elif name not in msi.secure:
            yield Broken(
                f"Upgrade: {name}",
                "it is not in SecureCustomProperties: found by an installation with windows, it is lost",
            )


@rule(
    Group.UPGRADE,
    "newer-not-refused",
    "where the profile says that a downgrade is blocked, this installer refuses beside a newer release",
    "Preventing an Old Package from Installing Over a Newer Version",
)
def newer_not_refused(msi: Msi) -> Iterator[Broken]:
    if msi.profile is None or msi.profile.upgrade.downgrade is not Downgrade.BLOCKED:
        return
    own, version = (
        msi.properties.get("UpgradeCode", "").lower(),
        fields(msi.properties.get("ProductVersion", "")),
    )
    rows = [
        row
        for row in msi.rows("Upgrade")
        if row["UpgradeCode"].lower() == own and _reaches_above(row, version)
    ]
    seen = [row["ActionProperty"] for row in rows if bits(row, "Attributes") & ONLY_DETECT]
    refused = any(_refuses(msi, name) for name in seen)
    for row in rows:
        if not refused and not bits(row, "Attributes") & ONLY_DETECT:
            yield Broken(f"Upgrade: {row['ActionProperty']}", "it removes newer releases, too")
    if seen and not refused:
        yield Broken(
            f"Upgrade: {seen[0]}",
            "it is set beside a newer release, and no launch condition and no error asks for it",
        )
    elif msi.rows("Upgrade") and not rows and not _asks_for_what_is_found(msi):
        yield Broken("Upgrade", "no row looks for releases above this one")


@rule(
    Group.UPGRADE,
    "cleans-up-when-replaced",
    "what cleans up at an uninstall leaves alone what the next release goes on with",
    "UPGRADINGPRODUCTCODE property",
)
def cleans_up_when_replaced(msi: Msi) -> Iterator[Broken]:
    before = {} if msi.previous is None else {row["Action"]: row for row in _leaving(msi.previous)}
    for row in _leaving(msi.tables):
        name = row["Action"]
        if _decided(_condition(msi.tables, name), AT_A_REPLACEMENT) is not True:
            continue
        if msi.previous is not None and name in before:
            was = _condition(msi.previous, name)
            if _decided(was, AT_A_REPLACEMENT) is False:
                yield Broken(
                    f"InstallExecuteSequence: {name}",
                    f"it runs at an upgrade to the next release, too; in the previous release {was} kept it from that",
                )
                continue
        if msi.profile is not None and (whole := _deletes_all(row["Target"], msi.profile)):
            yield Broken(
                f"CustomAction: {name}",
                f"at an upgrade to the next release it deletes {whole}: {row['Target'][:120]}",
            )


def _reaches_above(row: Row, version: tuple[int, int, int] | None) -> bool:
    """Whether it covers releases that are newer than this one."""
    low, high = fields(row["VersionMin"]), fields(row["VersionMax"])
    if version is None:
        return False
    return (
        high is None
        or high > version
        or (low is not None and low >= version and not bits(row, "Attributes") & MIN_INCLUSIVE)
    )


def _asks_for_what_is_found(msi: Msi) -> bool:
    """Whether a launch condition asks for what is read off the machine: it may be the release that is there."""
    found = {row["Property"] for row in msi.rows("AppSearch")}
    return any(found & set(re.findall(r"\w+", row["Condition"])) for row in msi.rows("LaunchCondition"))


def _marked_by(msi: Msi, name: str) -> set[str]:
    """The property, and those that actions set where it is set."""
    names = {name}
    for row in msi.rows("CustomAction"):
        if bits(row, "Type") & TYPE_BITS in SETS and names & set(
            re.findall(r"\w+", _condition(msi.tables, row["Action"]))
        ):
            names.add(row["Source"])
    return names


def _refuses(msi: Msi, name: str) -> bool:
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, _marked_by(msi, name)))})\b")
    asks, finds = scheduled(msi, "LaunchConditions"), scheduled(msi, "FindRelatedProducts")
    in_time = asks is not None and finds is not None and bits(asks, "Sequence") > bits(finds, "Sequence")
    if in_time and any(word.search(row["Condition"]) for row in msi.rows("LaunchCondition")):
        return True
    ends = {
        row["Action"]
        for row in msi.rows("CustomAction")
        if bits(row, "Type") & TYPE_BITS in {SHOWS_AN_ERROR, *LIBRARIES, *SCRIPTS, *PROGRAMS}
    }
    rows = msi.rows("InstallExecuteSequence")
    return any(row["Action"] in ends and word.search(row["Condition"]) for row in rows)


def _leaving(tables: Tables) -> Iterator[Row]:
    """Actions that run a program or code when the product goes, and not when it comes."""
    for row in tables.get("CustomAction", ()):
        if bits(row, "Type") & TYPE_BITS in PROGRAMS | LIBRARIES | SCRIPTS:
            condition = _condition(tables, row["Action"])
            comes, goes = _decided(condition, AT_A_FIRST_INSTALL), _decided(condition, AT_AN_UNINSTALL)
            if condition and comes is False and goes is not False:
                yield row


def _condition(tables: Tables, action: str) -> str:
    rows = tables.get("InstallExecuteSequence", ())
    found = next((row for row in rows if row["Action"] == action and bits(row, "Sequence") > 0), None)
    return found["Condition"] if found is not None else ""


def _decided(condition: str, known: dict[str, str]) -> bool | None:
    try:
        return decide(condition, known)
    except NotACondition:
        return None


def _deletes_all(command: str, profile: AgentProfile) -> str:
    """The whole folder or key of the agent that this command deletes; empty if it deletes none, or only a part."""
    text = command
    for folder, path in SYSTEM_FOLDERS.items():
        text = text.replace(f"[{folder}]", f"{path}\\")
    if not DELETES.search(text):
        return ""
    for whole in (*profile.data_dirs, *profile.registry_roots):
        if re.search(rf"(?<![\w\\]){re.escape(whole)}\\?(?:\*(?:\.\*)?)?(?![\w\\])", text, re.IGNORECASE):
            return whole
    return ""
