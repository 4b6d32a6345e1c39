"""What Windows Installer does for a product that another one takes the place of, and the harness does on Wine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from harness.candidate.msi_tables import Tables
from harness.cell.session import CellSession
from harness.model.candidate import Candidate
from harness.model.errors import GuestFault
from harness.model.report import ExcusedBy

TOLD = "UPGRADINGPRODUCTCODE"
"""Source: Microsoft's Windows Installer reference, "UPGRADINGPRODUCTCODE property"."""
READ = frozenset({"Component", "Feature", "InstallExecuteSequence", "Property", "Upgrade"})
"""The tables that tell whether a product asks for it, and what becomes of its features."""
WHY = (
    "Wine's installer tells the product that is replaced nothing of it, so the harness put this property into the"
    " package that the installer keeps; Windows Installer gives it"
)
MIGRATES, MIGRATION = 0x1, "MigrateFeatureStates"
"""msidbUpgradeAttributesMigrateFeatures ("Upgrade table"), and the action that does it."""
CHOOSING = ("ADDLOCAL", "ADDDEFAULT", "ADDSOURCE", "ADVERTISE", "REMOVE", "INSTALLLEVEL")
"""What chooses features; whoever gives one of them to an upgrade has nothing migrated ("Preselected property")."""
WHY_FEATURES = (
    "Wine's installer does not migrate the choice of features, so the harness gave the upgrade the choice of the"
    " installation before; Windows Installer keeps it"
)
DEFAULT_LEVEL = "1"


def asks_for_it(tables: Tables) -> bool:
    """Whether a condition of an action or component looks at the property. Pure."""
    conditions = (
        row["Condition"] or ""
        for table in ("InstallExecuteSequence", "Component")
        for row in tables.get(table, ())
    )
    return any(TOLD in condition for condition in conditions)


@contextmanager
def told_of_its_upgrade(session: CellSession, older: Tables, by: Candidate) -> Iterator[None]:
    """Within it a removal of the product of `older` finds the code of `by` in the property, if it asks for it.

    If the product is still there afterwards it knows nothing of it any more. One that the installer does not know, or
    whose package it does not have, is told nothing: nobody would. Raises what the guest layer raises.
    """
    own = _property(older, "ProductCode")
    asks = own and own.lower() != by.product_code.lower() and asks_for_it(older)
    if not asks or not _told(session, own, by.product_code):
        yield
        return
    session.excuse(f"{TOLD} of the release before", WHY, by=ExcusedBy.SUBSTRATE)
    try:
        yield
    finally:
        with suppress(GuestFault):  # it is gone, as it is meant to be
            session.guest.probe("set-property", own, TOLD)


def _told(session: CellSession, product: str, by: str) -> bool:
    """Whether the installer knows the product and has its package, which holds the property now."""
    try:
        session.guest.probe("set-property", product, TOLD, by)
    except GuestFault as error:
        if not error.code:
            raise
        return False
    return True


def features_migrated(
    session: CellSession,
    older: Tables,
    by: Tables,
    given: Mapping[str, str],
    asked: Mapping[str, str],
) -> Mapping[str, str]:
    """What an upgrade is given on Wine beside what is `asked`, so that the features stay as they were; put on record."""
    found = migrated(older, by, given, asked)
    for name in found:
        session.excuse(f"{name} of the installation before", WHY_FEATURES, by=ExcusedBy.SUBSTRATE)
    return found


def migrated(
    older: Tables, by: Tables, given: Mapping[str, str], asked: Mapping[str, str]
) -> Mapping[str, str]:
    """The choice of features of `older`, installed with `given`, in words that `by` understands. Pure.

    None where `by` migrates none, or where features are `asked` for. A feature that `older` did not have comes as `by`
    has it by default.
    """
    family = _property(older, "UpgradeCode").lower()
    migrates = any(
        row["UpgradeCode"].lower() == family and int(row["Attributes"] or 0) & MIGRATES
        for row in by.get("Upgrade", ())
    )
    acts = any(row["Action"] == MIGRATION for row in by.get("InstallExecuteSequence", ()))
    if not (migrates and acts) or any(name in asked for name in CHOOSING):
        return {}
    known, before = _features(by), _features(older)
    level = int(_property(by, "INSTALLLEVEL") or DEFAULT_LEVEL)
    fresh = [name for name, at in known.items() if name not in before and 0 < at <= level]
    found = {}
    for name in CHOOSING:
        if name not in given:
            continue
        if name == "INSTALLLEVEL" or given[name].upper() == "ALL":
            found[name] = given[name]
            continue
        chosen = [each for each in given[name].split(",") if each in known]
        chosen += fresh if name == "ADDLOCAL" else []
        if chosen:
            found[name] = ",".join(chosen)
    return found


def _features(tables: Tables) -> dict[str, int]:
    return {row["Feature"]: int(row["Level"] or 0) for row in tables.get("Feature", ())}


def _property(tables: Tables, name: str) -> str:
    return next((row["Value"] for row in tables.get("Property", ()) if row["Property"] == name), "")
