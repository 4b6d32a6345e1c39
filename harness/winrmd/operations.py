"""What each WS-Management action does to the shells (MS-WSMV 3.1.4)."""

import base64
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from . import faults, responses, shell_faults
from . import namespaces as ns
from .caller import Caller
from .commandline import windows_command_line
from .config import ServerConfig
from .configuration import configuration_of
from .directories import host_directory
from .elements import child, shell_id_of, text_of
from .enumeration import ShellListing
from .envelope import Identify, Request, message_id_of, parse_request
from .fault import Fault
from .launcher import Launchers, Surroundings
from .process import Command
from .shell import Shell, ShellSettings, ShellTable
from .shell_settings import fields_of, settings_of

log = logging.getLogger("winrmd")

PRODUCT_VERSION = "OS: 0.0.0 SP: 0.0 Stack: 3.0"
_CREATE_OPTIONS = frozenset(["winrs_noprofile", "winrs_codepage"])
_SHELL_RESOURCES = (ns.RESOURCE_SHELL, ns.RESOURCE_CMD_SHELL)


@dataclass(frozen=True)
class Answer:
    """An HTTP status and an envelope."""

    status: int
    body: bytes


class Service:
    """Answers requests. Thread-safe."""

    def __init__(self, config: ServerConfig, shells: ShellTable) -> None:
        self._config = config
        self._shells = shells
        listing = ShellListing(shells, config.limits.max_envelope_size)
        self._actions: dict[str, Callable[[Request, Caller], str]] = {
            ns.CREATE: self._create,
            ns.DELETE: self._delete,
            ns.GET: self._get,
            ns.COMMAND: self._command,
            ns.SEND: self._send,
            ns.RECEIVE: self._receive,
            ns.SIGNAL: self._signal,
            ns.ENUMERATE: listing.enumerate,
            ns.PULL: listing.pull,
            ns.RELEASE: listing.release,
        }

    def answer(self, data: bytes, caller: Caller) -> Answer:
        """The answer to one envelope, whatever it holds; a fault is an answer with status 500."""
        message_id, most = "", self._config.limits.max_envelope_size
        try:
            request = parse_request(data)
            if isinstance(request, Identify):
                return Answer(200, responses.identified(PRODUCT_VERSION))
            message_id, most = request.message_id, request.max_envelope_size or most
            self._shells.begin_operation(caller.user, limited=request.action in (ns.CREATE, ns.COMMAND))
            try:
                body = self._perform(request, caller)
            finally:
                self._shells.end_operation(caller.user)
            whole = responses.envelope(request.action + "Response", message_id, body, request.operation_id)
            if len(whole) > most:
                raise faults.answer_too_large(most)
            return Answer(200, whole)
        except Fault as fault:
            if fault.number != faults.OPERATION_TIMED_OUT:
                log.info("fault %d for %s: %s", fault.number, caller.user, fault.why or fault.message)
            return self._refused(fault, message_id or message_id_of(data), most)
        except Exception:
            log.exception("a request of %s was answered with an internal error", caller.user)
            return self._refused(faults.internal_error(), message_id, most)

    def _refused(self, fault: Fault, related: str, most: int) -> Answer:
        """The fault, without the client's own text where it would not fit with it."""
        envelope = responses.fault_envelope(fault, related, self._config.machine_name)
        if len(envelope) > most:
            envelope = responses.fault_envelope(fault.without_words(), "", self._config.machine_name)
        return Answer(500, envelope)

    def _perform(self, request: Request, caller: Caller) -> str:
        perform = self._actions.get(request.action)
        if perform is None:
            raise faults.action_not_supported(request.action)
        if request.resource_uri == ns.RESOURCE_CONFIG and request.action == ns.GET:
            return configuration_of(self._config.limits)
        if request.resource_uri not in _SHELL_RESOURCES:
            raise faults.resource_not_found(request.resource_uri)
        return perform(request, caller)

    def _create(self, request: Request, caller: Caller) -> str:
        for name in sorted(request.obligatory_options - _CREATE_OPTIONS):
            raise faults.option_unknown(name)
        settings = settings_of(request, self._config.limits, caller.user, caller.ip)
        proposed = child(request.body, "Shell").get("ShellId")
        own_directory = bool(settings.working_directory)
        launchers = Launchers(self._config, lambda: self._surroundings(settings), ahead=not own_directory)
        shell = self._shells.create(settings, launchers, proposed)
        launchers.start_ahead()
        log.info("shell %s opened by %s", shell.shell_id, caller.user)
        fields = fields_of(shell, self._shells.now())
        return responses.resource_created(shell.shell_id, ns.RESOURCE_CMD_SHELL) + responses.shell_properties(
            fields
        )

    def _delete(self, request: Request, caller: Caller) -> str:
        with self._shells.use(shell_id_of(request), caller.user) as shell:
            self._shells.close(shell)
        log.info("shell %s closed by %s", shell.shell_id, caller.user)
        return ""

    def _get(self, request: Request, caller: Caller) -> str:
        with self._shells.use(shell_id_of(request), caller.user) as shell:
            return responses.shell_properties(fields_of(shell, self._shells.now()))

    def _command(self, request: Request, caller: Caller) -> str:
        line = child(request.body, "CommandLine")
        command_text = text_of(line, "Command", strip=False) or ""
        if not command_text.strip():
            raise faults.malformed("the Command is empty")
        text = windows_command_line(
            command_text,
            [argument.text or "" for argument in line.iter(f"{{{ns.SHELL}}}Arguments")],
            skip_cmd_shell=self._config.honours_skip_cmd_shell
            and request.options.get("winrs_skip_cmd_shell", "").upper() == "TRUE",
        )
        with self._shells.use(shell_id_of(request), caller.user) as shell:
            command = self._shells.add_command(
                shell, line.get("CommandId"), lambda command_id: self._start(shell, command_id, text)
            )
        log.info("command %s started in shell %s", command.command_id, shell.shell_id)
        identifier = escape(command.command_id)
        return f"<rsp:CommandResponse><rsp:CommandId>{identifier}</rsp:CommandId></rsp:CommandResponse>"

    def _start(self, shell: Shell, command_id: str, text: str) -> Command:
        return Command(
            command_id,
            shell.launchers.launch(text),
            encodings=self._config.output_encodings.get(shell.settings.codepage or 0),
            ended=shell.launchers.start_ahead_soon,
        )

    def _surroundings(self, settings: ShellSettings) -> Surroundings:
        config = self._config
        environment = {
            **(os.environ if config.environment is None else config.environment),
            **config.codepage_environment.get(settings.codepage or 0, {}),
            **settings.environment,
        }
        directory = host_directory(settings.working_directory, config.drives, config.working_directory)
        return Surroundings(environment, directory)

    def _send(self, request: Request, caller: Caller) -> str:
        with self._shells.use(shell_id_of(request), caller.user) as shell:
            for stream in child(request.body, "Send").iter(f"{{{ns.SHELL}}}Stream"):
                name = stream.get("Name", "")
                if name not in shell.settings.input_streams:
                    raise shell_faults.input_stream_unknown(name)
                try:
                    data = base64.b64decode("".join((stream.text or "").split()), validate=True)
                except ValueError as error:  # also of text that is not ASCII
                    raise faults.malformed("the Stream is not base64") from error
                self._of(shell, stream.get("CommandId")).send(
                    data, end=stream.get("End", "").lower() in ("true", "1"), timeout_s=self._timeout(request)
                )
        return "<rsp:SendResponse></rsp:SendResponse>"

    def _receive(self, request: Request, caller: Caller) -> str:
        desired = child(child(request.body, "Receive"), "DesiredStream")
        most = min(request.max_envelope_size or self._config.limits.max_envelope_size, 4 * 1024 * 1024)
        # base64 makes four bytes of three.
        room = (most - responses.ENVELOPE_OVERHEAD - 8 * responses.STREAM_OVERHEAD) * 3 // 4
        with self._shells.use(shell_id_of(request), caller.user) as shell:
            wanted = frozenset((desired.text or "").split()) or frozenset(shell.settings.output_streams)
            if not wanted <= set(shell.settings.output_streams):
                raise faults.parameter_wrong("a desired stream that the shell was opened without")
            if not desired.get("CommandId"):  # recorded from Windows, which has no streams of a shell itself
                raise faults.parameter_wrong("Receive names no command")
            command = self._of(shell, desired.get("CommandId"))
            chunks, exit_code = command.receive(
                wanted, room, self._timeout(request), self._config.limits.receive_linger_s
            )
        if exit_code is not None:
            log.info("command %s ended with %d", command.command_id, exit_code)
        encoded = [(name, base64.b64encode(data).decode("ascii")) for name, data in chunks]
        ended = [name for name in ("stdout", "stderr") if name in wanted] if exit_code is not None else []
        return responses.received(command.command_id, encoded, ended, exit_code)

    def _signal(self, request: Request, caller: Caller) -> str:
        signal = child(request.body, "Signal")
        code = (text_of(signal, "Code") or "").lower()
        with self._shells.use(shell_id_of(request), caller.user) as shell:
            command = self._of(shell, signal.get("CommandId"))
            if code == ns.SIGNAL_TERMINATE:
                command.terminate()
                shell.commands.pop(command.command_id, None)
            elif code in (ns.SIGNAL_CTRL_C, ns.SIGNAL_CTRL_BREAK):
                command.interrupt()
            else:
                raise faults.parameter_wrong("an unknown signal code")
        return "<rsp:SignalResponse></rsp:SignalResponse>"

    def _timeout(self, request: Request) -> float:
        return request.operation_timeout_s or self._config.limits.operation_timeout_s

    @staticmethod
    def _of(shell: Shell, command_id: str | None) -> Command:
        command = shell.commands.get((command_id or "").upper())
        if command is None:
            raise shell_faults.command_not_found(command_id or "(none)")
        return command
