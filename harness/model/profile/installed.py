"""Files, access lists and registry values that are there after the installation."""

from pydantic import Field

from harness.model.base import Frozen
from harness.model.profile.text import GuestPath, RegistryKey, Template


class FileExpectation(Frozen):
    """A file that must be there after install, and gone after uninstall."""

    path: GuestPath
    version: bool = Field(default=False, description="its version resource must equal the candidate's")
    signed: bool = Field(default=False, description="must carry an intact Authenticode signature")


class AccessExpectation(Frozen):
    """Who may do what with a file or folder after install."""

    path: GuestPath
    sddl: str = Field(description="the access list in SDDL; entries in any order", pattern="^D:")


class RegistryExpectation(Frozen):
    """A registry value that must be there after install."""

    key: RegistryKey
    name: str
    equals: Template | None = None
