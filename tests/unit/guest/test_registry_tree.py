import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guest.registry import tree_of
from harness.guest.registry_tree import RegistryTree, RegistryType, full_path
from harness.model.errors import GuestFault
from harness.probe.answers.registry import ExportedKey, ExportedValue, KeyExport
from tests.reg_export import RegistryFormatError, decode, parse

HEADER = "Windows Registry Editor Version 5.00\r\n\r\n"

EXPORT = HEADER + "\r\n".join(
    [
        r"[HKEY_LOCAL_MACHINE\Software\Agent]",
        '@="the default"',
        r'"Path"="C:\\Program Files\\Agent \"x\""',
        '"Two\nlines"="a\r\nb"',
        '"Count"=dword:0000002a',
        '"Big"=hex(b):01,00,00,00,01,00,00,00',
        '"Network"=hex(5):00,00,00,2a',
        '"Blob"=hex:01,02,\\',
        "  03,04",
        '"Empty"=hex:',
        '"List"=hex(7):61,00,00,00,62,00,63,00,00,00,00,00',
        '"Expand"=hex(2):25,00,41,00,25,00,00,00',
        '"None"=hex(0):',
        '"Odd"=hex(4):01,02',
        '"Driver"=hex(ffff0010):07',
        "",
        r"[HKEY_LOCAL_MACHINE\Software\Agent\Sub]",
        "",
    ]
)


def test_every_value_type_is_read() -> None:
    key = parse(EXPORT).key(r"hklm\SOFTWARE\agent")
    assert key is not None
    assert {name: value.data for name, value in key.values.items()} == {
        "": "the default",
        "path": 'C:\\Program Files\\Agent "x"',
        "two\nlines": "a\r\nb",
        "count": 42,
        "big": 0x100000001,
        "network": 42,
        "blob": b"\1\2\3\4",
        "empty": b"",
        "list": ("a", "bc"),
        "expand": "%A%",
        "none": b"",
        "odd": b"\1\2",
        "driver": b"\7",
    }
    assert key.values["driver"].type == 0xFFFF0010
    assert key.values["path"].type == RegistryType.SZ


def test_names_are_found_in_any_case_and_with_short_hives() -> None:
    tree = parse(EXPORT)
    found = tree.value(r"HKLM\Software\AGENT", "COUNT")
    assert found is not None
    assert found.name == "Count"
    assert tree.value(r"HKLM\Software\Agent", "nope") is None
    assert tree.value(r"HKLM\Nope", "x") is None
    assert tree.children(r"HKLM\Software\Agent") == ("Sub",)
    assert full_path("hkcu\\X") == "HKEY_CURRENT_USER\\X"


def test_the_older_format_is_read() -> None:
    tree = parse('REGEDIT4\n\n[HKEY_CURRENT_USER\\A]\n"E"=hex(2):41,42,00\n"S"="x"\n')
    assert tree.value("HKCU\\A", "E").data == "AB"  # type: ignore[union-attr]
    assert decode('REGEDIT4\n"\xe9"'.encode("cp1252")).endswith('"é"')


def test_an_export_says_which_line_it_cannot_mean() -> None:
    with pytest.raises(RegistryFormatError, match="line 4"):
        parse(HEADER + '[HKEY_LOCAL_MACHINE\\A]\r\n"x"=dword:zz\r\n')
    with pytest.raises(RegistryFormatError, match="not a registry export"):
        parse("ERROR: The system was unable to find the specified registry key")
    with pytest.raises(RegistryFormatError, match="line 3"):
        parse(HEADER + '"value"="without a key"\r\n')


def test_a_diff_names_what_came_went_and_changed() -> None:
    before = parse(HEADER + '[HKEY_LOCAL_MACHINE\\A]\n"x"="1"\n"gone"="1"\n[HKEY_LOCAL_MACHINE\\B]\n')
    after = parse(
        HEADER + '[HKEY_LOCAL_MACHINE\\A]\n"X"="2"\n"new"=dword:00000001\n[HKEY_LOCAL_MACHINE\\C]\n'
    )
    diff = before.diff(after)
    assert diff.keys_added == ("HKEY_LOCAL_MACHINE\\C",)
    assert diff.keys_removed == ("HKEY_LOCAL_MACHINE\\B",)
    assert [(c.name, c.before and c.before.data, c.after and c.after.data) for c in diff.values] == [
        ("gone", "1", None),
        ("new", None, 1),
        ("X", "1", "2"),
    ]
    assert diff
    assert not before.diff(before)


AGENT = "HKEY_LOCAL_MACHINE\\Software\\Agent"


def exported(**codes: int) -> RegistryTree:
    """A key with two below it, of which those in `codes` refuse to be read."""
    keys = [
        ExportedKey(
            path=f"{AGENT}{below}",
            code=codes.get(below.lstrip("\\")),
            values=(ExportedValue(name="", type=1, base64=b"QQAAAA=="),)
            if below.lstrip("\\") not in codes
            else (),
        )
        for below in ("", "\\Own", "\\Open")
    ]
    return tree_of(KeyExport(path=AGENT, exists=True, code=None, keys=tuple(keys)))


def test_what_the_probe_exports_is_a_tree() -> None:
    tree = exported()
    assert tree.children(AGENT) == ("Own", "Open")
    assert tree.value("hklm\\software\\agent\\OPEN", "").data == "A"  # type: ignore[union-attr]
    assert tree.key(f"{AGENT}\\None") is None


def test_of_a_key_that_refuses_to_be_read_nothing_is_said() -> None:
    tree = exported(Own=5)
    assert tree.value(f"{AGENT}\\Open", "").data == "A"  # type: ignore[union-attr]
    assert tree.children(AGENT) == ("Own", "Open")
    for path in ("\\Own", "\\OWN\\Below"):
        with pytest.raises(GuestFault, match="Own could not be read, Windows error 5") as raised:
            tree.value(f"{AGENT}{path}", "")
        assert raised.value.code == 5
    assert tree.key(f"{AGENT}\\Owner") is None


names = st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-16"), min_size=1, max_size=20)


@given(st.dictionaries(names, st.binary(max_size=40) | names, max_size=8))
def test_what_an_export_says_is_what_is_read(values: dict[str, bytes | str]) -> None:
    lines = [HEADER, "[HKEY_LOCAL_MACHINE\\K]\r\n"]
    by_lower: dict[str, bytes | str] = {}
    for name, value in values.items():
        by_lower[name.lower()] = value
        shown = name.replace("\\", "\\\\").replace('"', '\\"')
        if isinstance(value, bytes):
            lines.append(f'"{shown}"=hex:{",".join(f"{byte:02x}" for byte in value)}\r\n')
        else:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'"{shown}"="{escaped}"\r\n')
    exported = b"\xff\xfe" + "".join(lines).encode("utf-16-le")
    key = parse(decode(exported)).key("HKLM\\K")
    assert key is not None
    assert {name: value.data for name, value in key.values.items()} == by_lower


@given(st.text() | st.text(alphabet='[]"=\\dword:hex(7)0a,;\r\n@-HKLM').map(lambda text: HEADER + text))
def test_garbage_is_a_tree_or_a_clear_error(text: str) -> None:
    try:
        tree = parse(text)
    except RegistryFormatError:
        return
    assert isinstance(tree, RegistryTree)
    for key in tree.keys.values():
        for value in key.values.values():
            assert value.data is not None


@given(st.binary())
def test_any_bytes_can_be_decoded(data: bytes) -> None:
    assert isinstance(decode(data), str)
    assert isinstance(decode(b"\xff\xfe" + data), str)
    assert isinstance(decode(b"\xfe\xff" + data), str)
