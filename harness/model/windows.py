"""Which Windows a guest presents itself as."""

from enum import StrEnum

from pydantic import Field

from harness.model.base import Frozen


class ProductType(StrEnum):
    r"""`HKLM\System\CurrentControlSet\Control\ProductOptions\ProductType`."""

    WORKSTATION = "WinNT"
    SERVER = "ServerNT"
    DOMAIN_CONTROLLER = "LanmanNT"


class WindowsVersion(Frozen):
    """A Windows version as its own registry states it."""

    product_name: str = Field(description="e.g. 'Windows 10 Pro'", min_length=1)
    major: int = Field(ge=5, le=99)
    minor: int = Field(ge=0, le=99)
    build: int = Field(ge=2600, le=999_999)
    display_version: str = Field(default="", description="e.g. '24H2'; empty before Windows 10")
    product_type: ProductType = ProductType.WORKSTATION

    @property
    def dotted(self) -> str:
        """`major.minor.build`, as `ver` prints it."""
        return f"{self.major}.{self.minor}.{self.build}"
