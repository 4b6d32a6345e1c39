"""HTTP, message encryption, command lines, directories, configuration, credentials: the small pure parts."""

import base64
import contextlib
import errno
import json
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.winrmd import encryption
from harness.winrmd.authentication import Authenticator, ConnectionIdentity
from harness.winrmd.commandline import windows_command_line
from harness.winrmd.config import ConfigurationRejected, ServerConfig, config_from, load_config
from harness.winrmd.directories import host_directory
from harness.winrmd.fault import Fault
from harness.winrmd.http import BadRequest, Connection, HttpResponse, parse_head
from harness.winrmd.launcher import launcher_argv, told
from harness.winrmd.server import serve

CONFIG = ServerConfig(users={"bvt": "Pä55"}, launcher=("run", "{result}", "{command}"), result_dir="/r")


class Reversed:
    """Seals by turning a message round, which is enough to test the envelope around it."""

    def seal(self, message: bytes) -> tuple[bytes, bytes]:
        return b"s" * 16, message[::-1]

    def unseal(self, signature: bytes, sealed: bytes) -> bytes:
        if signature != b"s" * 16:
            raise encryption.Unreadable("signature")
        return sealed[::-1]


@given(st.binary(max_size=300))
def test_what_is_encrypted_can_be_decrypted(message: bytes) -> None:
    assert encryption.decrypt(encryption.encrypt(message, Reversed()), Reversed()) == message


@given(st.data())
def test_a_damaged_encrypted_body_is_unreadable_or_another_message(data: st.DataObject) -> None:
    whole = encryption.encrypt(b"hello", Reversed())
    at = data.draw(st.integers(0, len(whole)))
    damaged = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 30)) :]
    with contextlib.suppress(encryption.Unreadable):  # and nothing else
        encryption.decrypt(damaged, Reversed())


@given(st.binary(max_size=200))
def test_bytes_that_are_no_encrypted_body_are_unreadable(body: bytes) -> None:
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(body, Reversed())


@given(st.binary(max_size=200))
def test_a_head_is_parsed_or_refused(head: bytes) -> None:
    with contextlib.suppress(BadRequest):
        method, _, headers = parse_head(head)
        assert " " not in method
        assert all(name == name.lower() for name in headers)


def exchange(data: bytes, largest: int = 100) -> tuple[int | None, bytes]:
    """Status that a connection refuses the bytes with, or None, and the body that it read."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        try:
            request = Connection(ours, largest).read(10, 10)
        except BadRequest as error:
            return error.status, b""
        return None, request.body if request else b""


@pytest.mark.parametrize(
    "name", ["Content-Length", "Transfer-Encoding", "Host", "Authorization", "Content-Type"]
)
def test_a_header_that_two_peers_could_read_differently_comes_once(name: str) -> None:
    head = f"POST /wsman HTTP/1.1\r\n{name}: 5\r\n{name.lower()}: 0\r\n\r\n"
    assert exchange(head.encode()) == (400, b"")


def test_a_request_that_does_not_come_to_its_end_is_answered_in_time() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"POST /wsman HTTP/1.1\r\n")
        with pytest.raises(BadRequest) as refused:
            Connection(ours, 100).read(10, 0.05)
        assert refused.value.status == 408
        with pytest.raises(TimeoutError):
            Connection(ours, 100).read(0.05, 10)


def test_two_requests_in_one_packet_are_told_apart() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"POST /a?x=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nabPOST /b HTTP/1.1\r\n\r\n")
        connection = Connection(ours, 100)
        first, second = connection.read(10, 10), connection.read(10, 10)
    assert first is not None
    assert second is not None
    assert (first.path, first.body, second.path, second.body) == ("/a", b"ab", "/b", b"")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST /wsman HTTP/1.1\r\nContent-Length: 101\r\n\r\n", 413),
        (b"POST /wsman HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST /wsman HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"x" * 70000, 400),
        (b"POST /wsman HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", None),
    ],
)
def test_what_is_not_served_is_refused(data: bytes, status: int | None) -> None:
    assert exchange(data) == (status, b"")


def test_a_response_is_one_write_with_its_length() -> None:
    said = HttpResponse(401, b"", (("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "Basic"))).encode()
    assert said.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert said.count(b"WWW-Authenticate: ") == 2
    assert said.endswith(b"Content-Length: 0\r\n\r\n")


def ask(data: bytes, config: ServerConfig, listener: socket.socket | None = None) -> bytes:
    """What a whole server answers to these bytes."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(config, listener, stop), daemon=True)
    thread.start()
    try:
        with socket.create_connection(listener.getsockname(), timeout=30) as client:
            client.sendall(data)
            return client.recv(65536)
    finally:
        stop.set()
        thread.join(30)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST /wsman HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"401"),
        (b"POST /other HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /wsman HTTP/1.1\r\n\r\n", b"405"),
        (b"POST /wsman HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", b"413"),
        (b"POST /wsman HTTP/1.1\r\nAuthorization: NTLM AAAA\r\n\r\n", b"401"),
        (b"POST /wsman HTTP/1.1\r\nAuthorization: Negotiate !!\r\n\r\n", b"401"),
        (b"POST /wsman HTTP/1.1\r\nAuthorization: Basic YnZ0OlDDpDU1\r\n\r\n", b"401"),
        (b"POST /wsman-anon/identify HTTP/1.1\r\n\r\n", b"200"),
        (b"POST /wsman HTTP/1.1\r\nWSMANIDENTIFY: unauthenticated\r\n\r\n", b"200"),
    ],
)
def test_the_server_answers_strangers_with_a_status(data: bytes, status: bytes) -> None:
    assert ask(data, CONFIG).split(b" ")[1] == status


class Hindered(socket.socket):
    """A listening socket of a process that has all the descriptors open that it may have, for a moment."""

    refusals = 3

    def accept(self) -> tuple[socket.socket, object]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_a_server_that_could_not_accept_for_a_moment_goes_on() -> None:
    listener = Hindered(fileno=socket.create_server(("127.0.0.1", 0)).detach())
    said = ask(b"POST /wsman-anon/identify HTTP/1.1\r\n\r\n", CONFIG, listener)
    assert said.split(b" ")[1] == b"200"


def test_an_unauthenticated_request_is_told_how_to_authenticate() -> None:
    said = ask(b"POST /wsman HTTP/1.1\r\nContent-Length: 0\r\n\r\n", CONFIG)
    assert b"WWW-Authenticate: Negotiate\r\n" in said
    assert b"Basic" not in said


@given(st.binary(max_size=120))
def test_any_ntlm_token_is_refused_and_nothing_breaks(token: bytes) -> None:
    authenticator = Authenticator(CONFIG)
    try:
        identity = ConnectionIdentity(authenticator)
        for raw in (token, b"NTLMSSP\0" + token):
            for scheme in ("NTLM", "Negotiate"):
                outcome = identity.authenticate(f"{scheme} {base64.b64encode(raw).decode()}")
                assert outcome.user is None
    finally:
        authenticator.close()


@pytest.mark.parametrize(
    ("credentials", "user"),
    [
        ("bvt:Pä55", "bvt"),
        ("BVT:Pä55", "bvt"),
        (".\\bvt:Pä55", "bvt"),
        ("localhost\\bvt:Pä55", "bvt"),
        ("elsewhere\\bvt:Pä55", None),
        ("bvt:pä55", None),
        ("bvt", None),
        (":", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_basic_knows_its_user(credentials: str, user: str | None, encoding: str) -> None:
    authenticator = Authenticator(CONFIG)
    try:
        token = base64.b64encode(credentials.encode(encoding)).decode()
        assert authenticator.check_basic(token) == user
    finally:
        authenticator.close()


def test_the_command_line_keeps_the_quoting_of_the_client() -> None:
    assert windows_command_line('"a b"', ['"c"', "%d%"], skip_cmd_shell=False) == 'cmd.exe /c "a b" "c" %d%'
    assert windows_command_line('"a b"', ['"c"', "%d%"], skip_cmd_shell=True) == '"a b" "c" %d%'


def test_placeholders_in_the_clients_text_stay_text() -> None:
    argv, name = launcher_argv(CONFIG, CONFIG.launcher, "echo {result} {command}")
    assert argv == ["run", f"/r/{name}", "echo {result} {command}"]
    assert launcher_argv(CONFIG, ("{command}",), "x") == (["x"], None)


@given(st.text())
def test_what_a_waiting_launcher_is_told_has_its_length_before_it(line: str) -> None:
    said = told(line)
    size = int(said[:8], 16)
    assert said[8 : 8 + size].decode("utf-8", "surrogatepass") == line
    assert len(said) == 8 + size


def test_windows_directories_are_found_without_regard_to_case(tmp_path: Path) -> None:
    (tmp_path / "Program Files" / "App").mkdir(parents=True)
    drives = {"C:": str(tmp_path)}
    assert host_directory("c:\\PROGRAM FILES\\app\\", drives, None) == str(tmp_path / "Program Files" / "App")
    assert host_directory("C:/program files", drives, None) == str(tmp_path / "Program Files")
    assert host_directory(None, drives, "/start") == "/start"


@pytest.mark.parametrize(
    "wanted", ["D:\\", "C:\\nowhere", "C:\\..", "relative", "C:file", "C:\\file", "\\\\host\\share", "C:\\\0"]
)
def test_directories_that_cannot_be_entered_are_faults(tmp_path: Path, wanted: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fault) as refused:
        host_directory(wanted, {"C:": str(tmp_path)}, None)
    assert refused.value.number == 267


MINIMAL = {"users": {"a": "b"}, "launcher": ["x", "{command}"], "result_dir": "/r"}


def test_a_configuration_file_is_read_with_numbers_as_keys(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    given = {"codepage_environment": {"65001": {"LANG": "x"}}, "limits": {"max_shells_per_user": 5}}
    path.write_text(json.dumps(MINIMAL | given))
    config = load_config(path)
    assert config.codepage_environment == {65001: {"LANG": "x"}}
    assert config.limits.max_shells_per_user == 5
    assert "'b'" not in repr(config)


@pytest.mark.parametrize(
    "change",
    [
        {"users": {}},
        {"users": {"a": "b:c"}},
        {"users": None},
        {"launcher": ["x"]},
        {"auth": ["kerberos"]},
        {"auth": []},
        {"auth": ["basic"]},
        {"tls_cert": "c"},
        {"odd": 1},
        {"limits": {"odd": 1}},
        {"limits": []},
        {"limits": {"max_connections": "300"}},
        {"limits": {"max_connections": 1.5}},
        {"limits": {"max_connections": True}},
        {"limits": {"idle_timeout_s": float("nan")}},
        {"codepage_environment": {"utf8": {}}},
        {"output_encodings": {"1": ["a"]}},
    ],
)
def test_a_configuration_that_cannot_be_is_rejected(change: dict[str, object]) -> None:
    with pytest.raises(ConfigurationRejected):
        config_from(MINIMAL | change)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"users": {"a": "b"}}'])
def test_a_configuration_file_that_is_none_is_rejected(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(ConfigurationRejected):
        load_config(path)
