"""Which keys a draft calls the product's own."""

import pytest

from harness.candidate.msi_contents import MsiContents
from harness.candidate.msi_registry import MsiValue
from harness.model.candidate import Platform
from harness.profiles.draft_folders import registry_roots

BEAT = "HKLM\\Software\\Acme\\Beat"
CHROME = "HKLM\\Software\\Google\\Chrome\\NativeMessagingHosts"
SOURCE = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Watcher"


def roots(
    *keys: str, vendor: str = "Acme Software Ltd.", product: str = "Acme Beat Agent"
) -> tuple[str, ...]:
    return registry_roots(
        MsiContents(
            platform=Platform.X64,
            product_name=product,
            product_name_known=True,
            manufacturer=vendor,
            registry=tuple(MsiValue(key=key, name="Version", value="1") for key in keys),
        )
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([f"{BEAT}\\State"], [BEAT]),
        # A browser that it extends is another vendor's.
        ([BEAT, f"{CHROME}\\com.acme.beat"], [BEAT, f"{CHROME}\\com.acme.beat"]),
        ([BEAT, f"{CHROME}\\other"], [BEAT]),
        ([BEAT, SOURCE], [BEAT, SOURCE]),
        (["HKLM\\Software\\WOW6432Node\\ACME\\Beat"], ["HKLM\\Software\\WOW6432Node\\ACME\\Beat"]),
        # Nothing is named after it: it may have been renamed, so its keys are taken for its own.
        (["HKLM\\Software\\Umbrella\\Eye\\State"], ["HKLM\\Software\\Umbrella\\Eye"]),
        (["HKLM\\Software\\Microsoft\\AMSI\\Providers\\Acme"], []),
    ],
)  # fmt: skip
def test_keys_that_go_with_the_product_are_its_own(keys: list[str], expected: list[str]) -> None:
    assert roots(*keys) == tuple(expected)


def test_a_vendor_that_calls_itself_shorter_in_the_registry() -> None:
    found = roots(
        "HKLM\\Software\\Elastic\\Beats", "HKLM\\Software\\Mozilla\\Hosts", vendor="Elasticsearch B.V."
    )
    assert found == ("HKLM\\Software\\Elastic\\Beats",)
