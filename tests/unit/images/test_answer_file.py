import base64
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import SecretStr

from harness.images.account import Account
from harness.images.answer_file import LETTERS, answer_file
from harness.images.answer_rules import NS, Answer, problems
from harness.images.media_tree import media_tree
from tests.unit.images.samples import ACCOUNT, BUILD_ID, NAMES, PASSWORD, certificate, recipe, signer

SHELL = "Microsoft-Windows-Shell-Setup"
KEY = re.compile(r"([A-Z0-9]{5}-){4}[A-Z0-9]{5}")
EVERY_EDITION = [(name, edition) for name in NAMES for edition in recipe(name).editions]
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


def rendered(name: str, edition: str | None = None) -> bytes:
    return answer_file(recipe(name), recipe(name).edition(edition), ACCOUNT, 6)


@pytest.mark.parametrize(("name", "edition"), EVERY_EDITION)
def test_every_edition_has_a_complete_answer_file(name: str, edition: str) -> None:
    assert problems(rendered(name, edition), recipe(name)) == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("win10-22h2", "win7-sp1"),
        ("win7-sp1", "win10-22h2"),
        ("win10-22h2", "server-2019"),
        ("win10-22h2", "win11-23h2"),
        ("win11-24h2", "win11-23h2"),
    ],
)
def test_an_answer_file_does_not_do_for_another_version(name: str, other: str) -> None:
    assert problems(rendered(name), recipe(name)) == []
    assert problems(rendered(name), recipe(other))


@pytest.mark.parametrize("name", NAMES)
def test_setup_finds_the_disk_driver_on_any_drive(name: str) -> None:
    answer = Answer(etree.fromstring(rendered(name)))
    paths = answer.texts(
        "windowsPE", "Microsoft-Windows-PnpCustomizationsWinPE", "DriverPaths/PathAndCredentials/Path"
    )
    wanted = 0 if recipe(name).disk_bus == "sata" else len(LETTERS)
    assert len(paths) == wanted
    assert {path[0] for path in paths} == set(LETTERS if wanted else ())


@pytest.mark.parametrize(("name", "edition"), EVERY_EDITION)
def test_the_only_secret_is_the_throw_away_password(name: str, edition: str) -> None:
    """No key but the published one of the edition, no password but the account's, nothing hidden in base64."""
    chosen = recipe(name).edition(edition)
    tree = media_tree(recipe(name), chosen, ACCOUNT, certificate(), BUILD_ID, 6, signer())
    root = etree.fromstring(tree["autounattend.xml"])
    passwords = {
        element.findtext("u:Value", "", NS) for element in root.iter() if "Password" in str(element.tag)
    }
    assert passwords - {""} == {PASSWORD}
    text = (tree["autounattend.xml"] + tree["bvt/first-boot.ps1"]).decode("utf-8-sig")
    assert {match[0] for match in KEY.finditer(text)} == ({chosen.setup_key} if chosen.setup_key else set())
    assert "PRIVATE KEY" not in text
    assert PASSWORD.encode() not in tree["bvt/winrm.pfx"]
    assert base64.b64encode(PASSWORD.encode("utf-16-le")).decode() not in text


def test_secrets_are_masked_when_shown() -> None:
    assert PASSWORD not in repr(ACCOUNT)


def test_passwords_are_new_each_time_and_satisfy_windows() -> None:
    found = {Account.new().password.get_secret_value() for _ in range(20)}
    assert len(found) == 20
    for password in found:
        kinds = [r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]"]
        assert all(re.search(kind, password) for kind in kinds)
        assert len(password) >= 20


@given(password=XML_TEXT, username=XML_TEXT)
def test_any_name_and_password_survive_xml(password: str, username: str) -> None:
    document = answer_file(
        recipe("server-2022"), recipe("server-2022").edition(None), Account(username, SecretStr(password)), 2
    )
    answer = Answer(etree.fromstring(document))
    at = "UserAccounts/LocalAccounts/LocalAccount/"
    assert answer.text("oobeSystem", SHELL, at + "Password/Value") == password
    assert answer.text("oobeSystem", SHELL, at + "Name") == username
    assert answer.text("oobeSystem", SHELL, "AutoLogon/Password/Value") == password


def without(path: str) -> Callable[[etree._Element], None]:
    def remove(root: etree._Element) -> None:
        for element in root.findall(path, NS):
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)

    return remove


def setting(path: str, text: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        found = root.find(path, NS)
        assert found is not None
        found.text = text

    return change


def attribute(path: str, name: str, value: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        found = root.find(path, NS)
        assert found is not None
        found.set(name, value)

    return change


MUTANTS: list[tuple[str, Callable[[etree._Element], None], str]] = [
    ("win10-22h2", setting(".//u:InstallFrom/u:MetaData/u:Key", "/IMAGE/NAME"), "by its index"),
    ("win10-22h2", setting(".//u:InstallFrom/u:MetaData/u:Value", "0"), "by its index"),
    ("win10-22h2", setting(".//u:InstallFrom/u:MetaData/u:Value", "Windows 10 Pro"), "by its index"),
    ("win11-24h2", without(".//u:CreatePartition[u:Type='MSR']"), "EFI, MSR, Primary"),
    ("win11-24h2", without(".//u:RunSynchronous"), "BypassNRO"),
    ("win10-22h2", without(".//u:HideOnlineAccountScreens"), "online accounts"),
    ("win10-22h2", without(".//u:DriverPaths/u:PathAndCredentials"), "not told where"),
    (
        "win10-22h2",
        setting(".//u:PathAndCredentials/u:Path", "D:\\viostor\\xp\\amd64"),
        "no driver of this recipe",
    ),
    ("win10-22h2", setting(".//u:InstallTo/u:PartitionID", "1"), "not to the last one"),
    ("win10-22h2", setting(".//u:AutoLogon/u:LogonCount", "9"), "exactly once"),
    ("win10-22h2", setting(".//u:AutoLogon/u:Username", "else"), "the account is"),
    ("win10-22h2", setting(".//u:ComputerName", "X" * 16), "longer than 15"),
    ("win10-22h2", setting(".//u:CommandLine", "x" * 1025), "longer than 1024"),
    ("win10-22h2", without(".//u:UserData"), "lacks Microsoft-Windows-Setup/UserData/AcceptEula"),
    ("win10-22h2", without(".//u:settings[@pass='oobeSystem']/*"), "OOBE/HideEULAPage"),
    (
        "win10-22h2",
        attribute(".//u:component", "processorArchitecture", "x86"),
        "processorArchitecture=amd64",
    ),
    ("win10-22h2", attribute(".//u:component", "publicKeyToken", "0"), "publicKeyToken"),
    ("server-2019", without(".//u:AdministratorPassword"), "administrator's password"),
    ("win7-sp1", without(".//u:Active"), "active partition"),
    ("win7-sp1", without(".//u:NetworkLocation"), "network's location"),
    ("win7-sp1", setting(".//u:CreatePartition/u:Type", "EFI"), "BIOS needs primary"),
    ("win7-sp1", setting(".//u:Letter", "D"), "must be C"),
    ("win7-sp1", without(".//u:Extend"), "rest of the disk"),
]


@pytest.mark.parametrize(("name", "mutate", "said"), MUTANTS)
def test_an_incomplete_answer_file_is_noticed(
    name: str, mutate: Callable[[etree._Element], None], said: str
) -> None:
    root = etree.fromstring(rendered(name))
    mutate(root)
    assert said in " ".join(problems(etree.tostring(root), recipe(name)))


def test_windows_7_is_not_given_settings_that_it_does_not_know() -> None:
    document = rendered("win7-sp1").replace(b"HideEULAPage>", b"HideOnlineAccountScreens>")
    assert any("does not know" in problem for problem in problems(document, recipe("win7-sp1")))


@given(st.binary(max_size=300))
def test_the_check_of_answer_files_takes_anything(data: bytes) -> None:
    assert problems(data, recipe("win7-sp1"))
