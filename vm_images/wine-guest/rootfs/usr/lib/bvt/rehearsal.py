"""The client's side of a login and a command, played once before the machine is frozen as a template.

What a server does for the first time takes seconds under emulation: modules are imported, pages are read, code is
specialised. All of it is in the template's memory then, and no clone does it again.
"""

import base64
import http.client
import re
import ssl
from pathlib import Path

import spnego

RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
TIMEOUT_S = 60
ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="{rsp}"><s:Header>'
    "<a:Action>{action}</a:Action><a:MessageID>uuid:0</a:MessageID><w:OperationTimeout>PT20S</w:OperationTimeout>"
    "<w:ResourceURI>{rsp}/cmd</w:ResourceURI><w:OptionSet>{options}</w:OptionSet>"
    "<w:SelectorSet>{selectors}</w:SelectorSet></s:Header><s:Body>{body}</s:Body></s:Envelope>"
)
SHELL_OPTIONS = '<w:Option Name="WINRS_CODEPAGE">65001</w:Option>'
COMMAND_OPTIONS = '<w:Option Name="WINRS_SKIP_CMD_SHELL">TRUE</w:Option>'
SHELL = "<rsp:Shell><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"


def connect(port: int, trusted: Path) -> http.client.HTTPSConnection:
    """A connection to the server on this machine."""
    context = ssl.create_default_context(cafile=str(trusted))
    return http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=TIMEOUT_S)


def log_in(port: int, user: str, password: str, trusted: Path) -> None:
    """Log in by NTLM. Raises `RuntimeError` if that fails."""
    connection = connect(port, trusted)
    login = spnego.client(user, password, hostname="localhost", service="http", protocol="ntlm")
    token, statuses = login.step(), []
    while token:
        header = "Negotiate " + base64.b64encode(token).decode()
        connection.request("POST", "/wsman", headers={"Authorization": header, "Content-Length": "0"})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        challenge = answer.headers.get("WWW-Authenticate", "").partition(" ")[2]
        token = login.step(base64.b64decode(challenge)) if challenge else None
    connection.close()
    if statuses[0] != 401 or statuses[-1] == 401:
        raise RuntimeError(f"the rehearsal of a login got {statuses}")


def run_command(port: int, user: str, password: str, trusted: Path) -> None:
    """Log in by Basic, open a shell, run a command, read its output, close. Raises `RuntimeError`."""
    connection = connect(port, trusted)
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()

    def post(action: str, body: str, shell: str = "", options: str = "") -> str:
        selectors = f'<w:Selector Name="ShellId">{shell}</w:Selector>' if shell else ""
        envelope = ENVELOPE.format(rsp=RSP, action=action, options=options, selectors=selectors, body=body)
        headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/soap+xml;charset=UTF-8",
        }
        connection.request("POST", "/wsman", envelope.encode(), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"the rehearsal of {action} got {answer.status}: {text}")
        return text

    connection.request("POST", "/wsman", headers={"Content-Length": "0"})  # as await_winrm asks
    connection.getresponse().read()
    shell = found("ShellId", post(f"{TRANSFER}/Create", SHELL, options=SHELL_OPTIONS))
    body = "<rsp:CommandLine><rsp:Command>rehearsal</rsp:Command></rsp:CommandLine>"
    command = found("CommandId", post(f"{RSP}/Command", body, shell, COMMAND_OPTIONS))
    stream = f'<rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream>'
    output = ""
    while "CommandState/Done" not in output:
        output = post(f"{RSP}/Receive", f"<rsp:Receive>{stream}</rsp:Receive>", shell)
    signal = f'<rsp:Signal CommandId="{command}"><rsp:Code>{RSP}/signal/terminate</rsp:Code></rsp:Signal>'
    post(f"{RSP}/Signal", signal, shell)
    post(f"{TRANSFER}/Delete", "", shell)
    connection.close()


def found(name: str, answer: str) -> str:
    """The id of that name in an answer. Raises `RuntimeError` if it has none."""
    match = re.search(rf"<[^>]*{name}[^>]*>([0-9A-Fa-f-]+)<", answer)
    if match is None:
        raise RuntimeError(f"the rehearsal got no {name}: {answer}")
    return match[1]
