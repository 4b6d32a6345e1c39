"""Whether this MSI would replace the release before it, and only that.

Sources: "Upgrade table", "Major Upgrades", "ProductVersion property", "RemoveExistingProducts action".
"""

from collections.abc import Iterator

from harness.candidate.msi_tables import Row
from harness.rules.rule import Broken, Group, Msi, Severity, bits, properties_of, rule, scheduled

ONLY_DETECT = 0x2
ALL_BUT_LANGUAGES = 0x400
"""msidbUpgradeAttributesLanguagesExclusive."""
MIN_INCLUSIVE, MAX_INCLUSIVE = 0x100, 0x200
LARGEST = (255, 255, 65535)
"""Of ProductVersion's three fields that Windows Installer compares."""


def fields(version: str) -> tuple[int, int, int] | None:
    """The three fields that count; a fourth is not compared. None if it is no version."""
    parts = version.split(".")
    if not version or not all(part.isdecimal() for part in parts):
        return None
    first, second, third = (*map(int, parts[:3]), 0, 0, 0)[:3]
    return first, second, third


@rule(
    Group.UPGRADE,
    "version-out-of-range",
    "ProductVersion is at most 255.255.65535",
    "ProductVersion property",
)
def version_out_of_range(msi: Msi) -> Iterator[Broken]:
    found = fields(msi.properties.get("ProductVersion", ""))
    if found is None or any(part > most for part, most in zip(found, LARGEST, strict=True)):
        yield Broken("Property: ProductVersion", f"it is {msi.properties.get('ProductVersion', '')!r}")


@rule(
    Group.UPGRADE,
    "same-product",
    "a release of another version has a product code of its own",
    "Changing the Product Code",
)
def same_product(msi: Msi) -> Iterator[Broken]:
    if msi.previous is None:
        return
    before = properties_of(msi.previous)
    code = msi.properties.get("ProductCode", "")
    if code.lower() == before.get("ProductCode", "").lower() and not _is_minor(msi):
        yield Broken(
            "Property: ProductCode",
            f"it is {code}, as in the previous release: Windows Installer refuses it (1638), unless a minor upgrade is"
            " asked for (upgrade.properties: REINSTALL, REINSTALLMODE)",
        )


@rule(
    Group.UPGRADE,
    "does-not-replace",
    "installing it replaces the previous release",
    "Upgrade table",
)
def does_not_replace(msi: Msi) -> Iterator[Broken]:
    if msi.previous is None:
        return
    before = properties_of(msi.previous)
    family, version = before.get("UpgradeCode", "").lower(), fields(before.get("ProductVersion", ""))
    if not family or version is None:
        return
    code = msi.properties.get("ProductCode", "").lower()
    if code == before.get("ProductCode", "").lower():
        return  # nothing is to be removed: it is the same product, as a minor upgrade has it
    rows = [row for row in msi.rows("Upgrade") if row["UpgradeCode"].lower() == family]
    replacing = [row for row in rows if not bits(row, "Attributes") & ONLY_DETECT]
    if not replacing:
        yield Broken("Upgrade", f"no row removes products of upgrade code {before.get('UpgradeCode')}")
    elif not any(_covers(row, version) for row in replacing):
        ranges = ", ".join(f"{row['VersionMin'] or '…'} to {row['VersionMax'] or '…'}" for row in replacing)
        yield Broken(
            "Upgrade", f"its rows remove {ranges}, and the previous release is {before['ProductVersion']}"
        )
    elif not any(
        _speaks(row, before.get("ProductLanguage", "")) for row in replacing if _covers(row, version)
    ):
        yield Broken(
            "Upgrade",
            f"its rows look for languages {', '.join(row['Language'] for row in replacing)}, and the previous release is"
            f" of {before['ProductLanguage']}",
        )
    elif scheduled(msi, "RemoveExistingProducts") is None:
        yield Broken("InstallExecuteSequence", "RemoveExistingProducts never runs")


@rule(
    Group.UPGRADE,
    "never-looked-for",
    "earlier releases are looked for before they can be removed",
    "FindRelatedProducts action",
)
def never_looked_for(msi: Msi) -> Iterator[Broken]:
    if msi.rows("Upgrade") and scheduled(msi, "FindRelatedProducts") is None:
        yield Broken(
            "InstallExecuteSequence",
            "FindRelatedProducts never runs in it, so without windows no row of the Upgrade table has any effect",
        )


@rule(
    Group.UPGRADE,
    "no-upgrade-row",
    "the Upgrade table names the MSI's own upgrade code, so that the next release replaces it",
    "Major Upgrades",
    Severity.WARNING,
)
def no_upgrade_row(msi: Msi) -> Iterator[Broken]:
    own = msi.properties.get("UpgradeCode", "")
    if not own:
        yield Broken("Property: UpgradeCode", "there is none: nothing can ever replace this product")
    elif own.lower() not in {row["UpgradeCode"].lower() for row in msi.rows("Upgrade")}:
        yield Broken("Upgrade", f"no row for {own}")


@rule(
    Group.UPGRADE,
    "downgrade-not-seen",
    "a newer release that is there already is detected",
    "Preventing an Old Package from Installing Over a Newer Version",
    Severity.WARNING,
)
def downgrade_not_seen(msi: Msi) -> Iterator[Broken]:
    own = msi.properties.get("UpgradeCode", "").lower()
    rows = [row for row in msi.rows("Upgrade") if row["UpgradeCode"].lower() == own]
    if rows and not any(row["VersionMin"] and not row["VersionMax"] for row in rows):
        yield Broken("Upgrade", "no row looks for versions above this one")


def _speaks(row: Row, language: str) -> bool:
    """Whether a row looks for a product of this language: of any where it names none."""
    named = {each.strip() for each in row["Language"].split(",") if each.strip()}
    if not named or not language:
        return True
    return (language in named) is not bool(bits(row, "Attributes") & ALL_BUT_LANGUAGES)


def _is_minor(msi: Msi) -> bool:
    """Whether the profile has it installed over its earlier release: v caches the package anew ("Minor Upgrades")."""
    given = msi.profile.upgrade.properties if msi.profile else {}
    asked = {name.upper(): value for name, value in given.items()}
    return bool(asked.get("REINSTALL")) and "v" in asked.get("REINSTALLMODE", "").lower()


def _covers(row: object, version: tuple[int, int, int]) -> bool:
    assert isinstance(row, dict)
    low, high, attributes = fields(row["VersionMin"]), fields(row["VersionMax"]), bits(row, "Attributes")
    above = low is None or version > low or (version == low and bool(attributes & MIN_INCLUSIVE))
    below = high is None or version < high or (version == high and bool(attributes & MAX_INCLUSIVE))
    return above and below
