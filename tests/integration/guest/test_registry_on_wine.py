"""A real Wine machine's registry: read with its types, whatever its keys are called, and exported."""

import pytest

from harness.guest.guest import Guest
from harness.guest.system_tools import REG
from tests.reg_export import decode, parse

pytestmark = pytest.mark.wine


def test_the_registry_is_read_with_types(guest: Guest) -> None:
    key = "HKLM\\Software\\BvtTest"
    assert not guest.registry.exists(key)
    assert guest.registry.value(key, "n") is None
    before = guest.registry.export("HKLM\\Software\\BvtTest")
    for name, kind, data in (
        ("n", "REG_DWORD", "42"),
        ("ü", "REG_SZ", "Zoë 日本"),
        ("m", "REG_MULTI_SZ", "a\\0b"),
    ):
        assert guest.run(["reg.exe", "add", key, "/v", name, "/t", kind, "/d", data, "/f"]).ok
    tree = guest.registry.export(key)
    assert [tree.value(key, name).data for name in "nüm"] == [42, "Zoë 日本", ("a", "b")]  # type: ignore[union-attr]
    assert len(before.diff(tree).values) == 3
    assert guest.registry.exists(key)
    assert guest.run(["reg.exe", "delete", key, "/f"]).ok


def test_a_new_shell_has_the_environment_that_is_stored_by_then(guest: Guest) -> None:
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"

    def seen() -> dict[str, str]:
        answer: dict[str, dict[str, str]] = guest.probe("environment", repeatable=True)
        return {name.upper(): value for name, value in answer["process"].items()}

    path = seen()["PATH"]
    for name, data in (("BVT_NEW", "1"), ("PATH", "C:\\Acme")):
        assert guest.run([REG, "add", key, "/v", name, "/d", data, "/f"]).ok
    try:
        guest.new_shell()
        now = seen()
        assert (now["BVT_NEW"], now["PATH"].lower()) == ("1", "c:\\acme")
        # What the harness itself calls is found all the same.
        assert guest.registry.value(key, "BVT_NEW") is not None
        assert guest.services.query("PlugPlay") is not None
    finally:
        guest.run([REG, "delete", key, "/v", "BVT_NEW", "/f"])
        guest.run([REG, "add", key, "/v", "PATH", "/t", "REG_EXPAND_SZ", "/d", path, "/f"])


ODD_NAMES = (
    *(
        "Tom & Jerry",
        "caret^tree",
        "100%",
        "%PATH%",
        "%OS% & ^%OS^%",
        'a "quoted" name',
        'one " quote & more',
        "(x86)",
    ),
    *(
        "two  spaces",
        " begins with one",
        "a|b<c>d",
        "bang!",
        "a;b,c=d@e",
        "Zoë 日本",
        "𝄞 Ключ",
        "it's",
        "back/slash`",
        "{1-2}",
    ),
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_keys_are_read_whatever_they_are_called(guest: Guest, name: str) -> None:
    """Made by a file that `reg import` reads, so that no command line names them; below one another and beside."""
    key = f"HKEY_LOCAL_MACHINE\\Software\\BvtOdd\\{name}"
    lines = [f"[{key}]", '"V"="1"', "", f"[{key}\\Below {name}]", '"W"=hex(0):01', ""]
    text = "\r\n".join(["Windows Registry Editor Version 5.00", "", *lines])
    guest.write_file("C:\\windows\\temp\\odd.reg", b"\xff\xfe" + text.encode("utf-16-le"))
    assert guest.run([REG, "import", "C:\\windows\\temp\\odd.reg"]).ok
    try:
        tree = guest.registry.export(key)
        assert tree.children(key) == (f"Below {name}",)
        assert guest.registry.value(key, "v").data == "1"  # type: ignore[union-attr]
        assert tree.value(f"{key}\\Below {name}", "W").data == b"\x01"  # type: ignore[union-attr]
        assert guest.registry.existing(key, f"{key}\\Nothing", f"{key}\\below {name}") == [
            key,
            f"{key}\\below {name}",
        ]
        assert guest.registry.sddl(key)
        assert guest.registry.export(f"{key}\\Nothing").keys == {}
        searched = guest.search(["V"], [key, "C:\\windows\\temp\\odd.reg"])
        assert {found.place.lower() for found in searched.found} >= {
            key.lower(),
            "c:\\windows\\temp\\odd.reg",
        }
    finally:
        assert guest.run([REG, "delete", "HKLM\\Software\\BvtOdd", "/f"]).ok


def test_the_probe_exports_what_reg_exports(guest: Guest) -> None:
    """Another program's word for the same keys: whole branches, values of every type."""
    file = "C:\\windows\\temp\\whole.reg"
    for key in ("HKLM\\Software\\Microsoft\\Windows NT", "HKLM\\System\\CurrentControlSet\\Services", "HKCU"):
        assert guest.run([REG, "export", key, file, "/y"]).ok
        theirs = parse(decode(guest.read_file(file, limit_bytes=1 << 27)))
        ours = guest.registry.export(key)
        assert len(ours.keys) > 10
        assert not ours.diff(theirs)


def test_a_whole_hive_is_exported_and_parsed(guest: Guest) -> None:
    tree = guest.registry.export("HKLM\\Software\\Microsoft\\Windows NT")
    found = tree.value("HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion", "CurrentBuild")
    assert found is not None
    assert found.data == "19045"
