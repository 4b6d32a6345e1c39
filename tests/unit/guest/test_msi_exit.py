import pytest

from harness.guest.msi.exit_codes import MsiOutcome, msi_exit
from harness.guest.msi.installer import property_argument
from harness.model.errors import ConfigurationError
from harness.model.substrate import GuestSystem


@pytest.mark.parametrize("code", [0, 1641, 3010])
def test_success_with_or_without_a_reboot_is_success(code: int) -> None:
    assert msi_exit(code).succeeded
    assert msi_exit(code).reboot_needed == (code != 0)


@pytest.mark.parametrize("code", [1602, 1603, 1612, 1618, 1619, 1620, 1625, 1633, 1638, 4242, 0xC0000005])
def test_everything_else_is_a_failure_with_words_of_its_own(code: int) -> None:
    meaning = msi_exit(code)
    assert not meaning.succeeded
    assert str(code) in str(meaning)
    assert meaning.text


def test_a_running_installation_asks_for_another_try() -> None:
    assert msi_exit(1618).outcome is MsiOutcome.BUSY


def test_wine_has_its_own_codes_for_the_same_causes() -> None:
    assert msi_exit(2, GuestSystem.WINE).outcome is MsiOutcome.BAD_PACKAGE
    assert msi_exit(2, GuestSystem.WINDOWS).outcome is MsiOutcome.FAILED
    assert msi_exit(1604, GuestSystem.WINE).reboot_needed
    assert "corrupt" in msi_exit(1627, GuestSystem.WINE).text


def test_property_values_are_quoted_for_msiexec() -> None:
    assert property_argument("SECRET", 'a "b" c') == 'SECRET="a ""b"" c"'
    with pytest.raises(ConfigurationError, match="cannot be an MSI property"):
        property_argument("A B", "")
