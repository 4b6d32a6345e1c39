"""What msiexec's exit codes mean.

Source: Microsoft, "MsiExec.exe and InstMsi.exe error messages". Where Wine's own engine answers with
another code than Windows for the same cause, the table for Wine says so (measured on Wine 8.0, docs/wine.md).
"""

from dataclasses import dataclass
from enum import StrEnum

from harness.model.substrate import GuestSystem


class MsiOutcome(StrEnum):
    """What a code calls for."""

    SUCCESS = "success"
    REBOOT_STARTED = "reboot-started"
    REBOOT_NEEDED = "reboot-needed"
    BUSY = "busy"  # another installation runs: try again
    BAD_PACKAGE = "bad-package"  # the file is missing, corrupt or for another platform
    REFUSED = "refused"  # by a policy, a launch condition or an installed version
    NOT_INSTALLED = "not-installed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class MsiExit:
    """One exit code, explained."""

    code: int
    name: str
    outcome: MsiOutcome
    text: str

    @property
    def succeeded(self) -> bool:
        """True if the product is in the state that was asked for, reboot or not."""
        return self.outcome in _SUCCEEDED

    @property
    def reboot_needed(self) -> bool:
        """True if the work ends only with a reboot, begun or still to be made."""
        return self.outcome in (MsiOutcome.REBOOT_STARTED, MsiOutcome.REBOOT_NEEDED)

    def __str__(self) -> str:
        return f"msiexec exit code {self.code} ({self.name}): {self.text}"


_SUCCEEDED = (MsiOutcome.SUCCESS, MsiOutcome.REBOOT_STARTED, MsiOutcome.REBOOT_NEEDED)

_TABLE = (
    MsiExit(0, "ERROR_SUCCESS", MsiOutcome.SUCCESS, "done"),
    MsiExit(
        1641,
        "ERROR_SUCCESS_REBOOT_INITIATED",
        MsiOutcome.REBOOT_STARTED,
        "done; the installer began a reboot",
    ),
    MsiExit(
        3010,
        "ERROR_SUCCESS_REBOOT_REQUIRED",
        MsiOutcome.REBOOT_NEEDED,
        "done; a reboot is needed to complete it",
    ),
    MsiExit(13, "ERROR_INVALID_DATA", MsiOutcome.BAD_PACKAGE, "the package holds invalid data"),
    MsiExit(87, "ERROR_INVALID_PARAMETER", MsiOutcome.FAILED, "a parameter on the command line is invalid"),
    MsiExit(1259, "ERROR_APPHELP_BLOCK", MsiOutcome.REFUSED, "Windows holds the product to be incompatible"),
    MsiExit(
        1601,
        "ERROR_INSTALL_SERVICE_FAILURE",
        MsiOutcome.FAILED,
        "the Windows Installer service could not be reached",
    ),
    MsiExit(1602, "ERROR_INSTALL_USEREXIT", MsiOutcome.CANCELLED, "the installation was cancelled"),
    MsiExit(
        1603,
        "ERROR_INSTALL_FAILURE",
        MsiOutcome.FAILED,
        "the installation failed; the log's 'Return value 3' names the action",
    ),
    MsiExit(
        1604, "ERROR_INSTALL_SUSPEND", MsiOutcome.FAILED, "the installation was suspended and is incomplete"
    ),
    MsiExit(1605, "ERROR_UNKNOWN_PRODUCT", MsiOutcome.NOT_INSTALLED, "the product is not installed"),
    MsiExit(
        1606,
        "ERROR_UNKNOWN_FEATURE",
        MsiOutcome.FAILED,
        "a feature named on the command line is not registered",
    ),
    MsiExit(1608, "ERROR_UNKNOWN_PROPERTY", MsiOutcome.FAILED, "a property is unknown"),
    MsiExit(1609, "ERROR_INVALID_HANDLE_STATE", MsiOutcome.FAILED, "a handle is in an invalid state"),
    MsiExit(
        1610, "ERROR_BAD_CONFIGURATION", MsiOutcome.FAILED, "the product's configuration data is corrupt"
    ),
    MsiExit(
        1612,
        "ERROR_INSTALL_SOURCE_ABSENT",
        MsiOutcome.BAD_PACKAGE,
        "the installation source and the cached package are missing",
    ),
    MsiExit(
        1613,
        "ERROR_INSTALL_PACKAGE_VERSION",
        MsiOutcome.BAD_PACKAGE,
        "the package needs a newer Windows Installer",
    ),
    MsiExit(
        1614, "ERROR_PRODUCT_UNINSTALLED", MsiOutcome.NOT_INSTALLED, "the product is already uninstalled"
    ),
    MsiExit(1618, "ERROR_INSTALL_ALREADY_RUNNING", MsiOutcome.BUSY, "another installation is running"),
    MsiExit(
        1619,
        "ERROR_INSTALL_PACKAGE_OPEN_FAILED",
        MsiOutcome.BAD_PACKAGE,
        "the package is missing or cannot be opened",
    ),
    MsiExit(
        1620, "ERROR_INSTALL_PACKAGE_INVALID", MsiOutcome.BAD_PACKAGE, "the package is corrupt or not an MSI"
    ),
    MsiExit(
        1621,
        "ERROR_INSTALL_UI_FAILURE",
        MsiOutcome.FAILED,
        "the installer's user interface could not be started",
    ),
    MsiExit(1622, "ERROR_INSTALL_LOG_FAILURE", MsiOutcome.FAILED, "the log file could not be opened"),
    MsiExit(
        1623,
        "ERROR_INSTALL_LANGUAGE_UNSUPPORTED",
        MsiOutcome.REFUSED,
        "the package's language is not supported by this system",
    ),
    MsiExit(
        1624, "ERROR_INSTALL_TRANSFORM_FAILURE", MsiOutcome.BAD_PACKAGE, "a transform could not be applied"
    ),
    MsiExit(
        1625,
        "ERROR_INSTALL_PACKAGE_REJECTED",
        MsiOutcome.REFUSED,
        "the installation is forbidden by system policy",
    ),
    MsiExit(1626, "ERROR_FUNCTION_NOT_CALLED", MsiOutcome.FAILED, "a function could not be executed"),
    MsiExit(1627, "ERROR_FUNCTION_FAILED", MsiOutcome.FAILED, "a function failed during execution"),
    MsiExit(
        1631,
        "ERROR_INSTALL_SERVICE_SAFEBOOT",
        MsiOutcome.REFUSED,
        "the Windows Installer service is not available in safe mode",
    ),
    MsiExit(
        1632,
        "ERROR_INSTALL_TEMP_UNWRITABLE",
        MsiOutcome.FAILED,
        "the temporary directory is full or not writable",
    ),
    MsiExit(
        1633,
        "ERROR_INSTALL_PLATFORM_UNSUPPORTED",
        MsiOutcome.BAD_PACKAGE,
        "the package is for another processor platform",
    ),
    MsiExit(
        1636,
        "ERROR_PATCH_PACKAGE_INVALID",
        MsiOutcome.BAD_PACKAGE,
        "the package's template or patch is not valid for this system",
    ),
    MsiExit(
        1638,
        "ERROR_PRODUCT_VERSION",
        MsiOutcome.REFUSED,
        "another version of this product (same product code) is installed",
    ),
    MsiExit(1639, "ERROR_INVALID_COMMAND_LINE", MsiOutcome.FAILED, "the command line is invalid"),
    MsiExit(
        1640,
        "ERROR_INSTALL_REMOTE_DISALLOWED",
        MsiOutcome.REFUSED,
        "installing from a remote session is not permitted",
    ),
    MsiExit(
        1643, "ERROR_PATCH_PACKAGE_REJECTED", MsiOutcome.REFUSED, "the patch is forbidden by system policy"
    ),
    MsiExit(
        1644,
        "ERROR_INSTALL_TRANSFORM_REJECTED",
        MsiOutcome.REFUSED,
        "a transform is forbidden by system policy",
    ),
    MsiExit(
        1645,
        "ERROR_INSTALL_REMOTE_PROHIBITED",
        MsiOutcome.REFUSED,
        "installing over a remote desktop connection is not permitted",
    ),
    MsiExit(
        1654,
        "ERROR_INSTALL_REJECTED",
        MsiOutcome.REFUSED,
        "this application may not be installed on this system",
    ),
)

_WINE_TABLE = (
    MsiExit(2, "ERROR_FILE_NOT_FOUND", MsiOutcome.BAD_PACKAGE, "the package is missing (1619 on Windows)"),
    MsiExit(
        1604,
        "ERROR_INSTALL_SUSPEND",
        MsiOutcome.REBOOT_NEEDED,
        "done; the package forces a reboot, which Wine leaves to the caller (1641 on Windows)",
    ),
    MsiExit(
        1627,
        "ERROR_FUNCTION_FAILED",
        MsiOutcome.FAILED,
        "the package is corrupt (1620 on Windows), or a service or custom action failed (1603 on Windows)",
    ),
)

_BY_CODE = {
    GuestSystem.WINDOWS: {entry.code: entry for entry in _TABLE},
    GuestSystem.WINE: {entry.code: entry for entry in _TABLE + _WINE_TABLE},
}


def msi_exit(code: int, system: GuestSystem = GuestSystem.WINDOWS) -> MsiExit:
    """The meaning of `code` on `system`. An unknown code is a failure, never ignored."""
    known = _BY_CODE[system].get(code)
    return known or MsiExit(code, "unknown", MsiOutcome.FAILED, "not an exit code that msiexec documents")
