"""What Windows Installer tells a product that another one takes the place of, and Wine's does not: the harness does there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from harness.candidate.msi_tables import Tables
from harness.cell.session import CellSession
from harness.model.candidate import Candidate
from harness.model.errors import GuestFault
from harness.model.report import ExcusedBy

TOLD = "UPGRADINGPRODUCTCODE"
"""Source: Microsoft's Windows Installer reference, "UPGRADINGPRODUCTCODE property"."""
READ = frozenset({"Component", "InstallExecuteSequence", "Property"})
"""The tables that tell whether a product asks for it."""
WHY = (
    "Wine's installer tells the product that is replaced nothing of it, so the harness put this property into the package"
    " that the installer keeps; Windows Installer gives it"
)


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

    If the product is still there afterwards it knows nothing of it any more. Raises what the guest layer raises.
    """
    own = next((row["Value"] for row in older.get("Property", ()) if row["Property"] == "ProductCode"), "")
    if not own or own.lower() == by.product_code.lower() or not asks_for_it(older):
        yield
        return
    session.guest.probe("set-property", own, TOLD, by.product_code)
    session.excuse(f"{TOLD} of the release before", WHY, by=ExcusedBy.SUBSTRATE)
    try:
        yield
    finally:
        with suppress(GuestFault):  # it is gone, as it is meant to be
            session.guest.probe("set-property", own, TOLD)
