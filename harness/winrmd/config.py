"""What a server is told: who may log in, how commands are started, which limits hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any

AUTHENTICATIONS = ("basic", "ntlm")


class ConfigurationRejected(ValueError):
    """The configuration file is missing, not JSON, or says something that cannot be."""


@dataclass(frozen=True)
class Limits:
    """Quotas and times with the defaults of Windows Server 2012 and later (`winrm get winrm/config`).

    Sizes in bytes, times in seconds.
    """

    max_shells_per_user: int = 30
    max_processes_per_shell: int = 25
    max_operations_per_user: int = 1500
    """Like Windows' own command shell, a command counts until its *shell* is closed (MS-WSMV note 118)."""
    max_connections: int = 300
    max_envelope_size: int = 500 * 1024
    idle_timeout_s: float = 7200.0
    max_idle_timeout_s: float = 2147483.647
    shell_lifetime_s: float = 8 * 3600.0
    operation_timeout_s: float = 60.0
    """Used when a request brings no OperationTimeout."""
    connection_idle_s: float = 900.0
    handshake_timeout_s: float = 30.0
    login_timeout_s: float = 15.0
    """How long a connection may take for a request until one was let in: silent ones give their place back."""
    request_timeout_s: float = 60.0
    """How long one request may take from its first byte to its last."""
    refusals_apart_s: float = 0.05
    """Least time between two answers to wrong credentials, whoever asks."""
    receive_linger_s: float = 0.02
    """How long a Receive that has output, of a command still running, waits for more before it answers."""


@dataclass(frozen=True)
class ServerConfig:
    """One server in front of one Windows-like system.

    `launcher` is the argv that runs a command; `{result}` in an item stands for the file where the launcher
    is to write the exit code (as JSON with `exit_code`, or as a number), in the form the guest's programs
    understand, and `{command}` for the whole Windows command line. Without `{result}` the launcher's own
    status is the exit code.

    `launcher_ahead`: the argv of a launcher that is started before its command is known and reads it from its
    input (see `launcher.told`), with `{result}` and without `{command}`. None are started ahead if it is empty.
    """

    users: Mapping[str, str] = field(repr=False)
    launcher: tuple[str, ...]
    result_dir: str
    launcher_ahead: tuple[str, ...] = ()
    result_dir_guest: str | None = None
    """The same directory as the guest names it, e.g. `Z:\\run\\results`; None: the same name."""
    tls_cert: str | None = None
    tls_key: str | None = None
    auth: tuple[str, ...] = AUTHENTICATIONS
    allow_unencrypted: bool = False
    """Take plain-text messages over plain HTTP (Windows' AllowUnencrypted)."""
    honours_skip_cmd_shell: bool = True
    """False: every command is run by `cmd /c`, as on Windows from Server 2012 R2 on."""
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """The whole environment of commands; None: the server's own."""
    codepage_environment: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """Variables added for shells opened with a code page, e.g. the locale that makes Wine speak UTF-8."""
    output_encodings: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Code page to (from, to) encodings that command output is converted with; none: passed as it is."""
    drives: Mapping[str, str] = field(default_factory=dict)
    """Drive letter with colon to host directory, for working directories."""
    working_directory: str | None = None
    """Where commands start when the shell names no directory; a host path. None: the server's own."""
    root: str | None = None
    """What commands have as their root directory, in which the launcher and all paths for commands lie (chroot(2)).
    None: the server's own."""
    machine_name: str = "localhost"
    log_path: str | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.users:
            raise ConfigurationRejected("users is empty: nobody could log in.")
        unknown = set(self.auth) - set(AUTHENTICATIONS)
        if unknown or not self.auth:
            raise ConfigurationRejected(
                f"auth is {list(self.auth)}: expected some of {list(AUTHENTICATIONS)}."
            )
        if "{command}" not in "\0".join(self.launcher):
            raise ConfigurationRejected("launcher has no {command}: no command would ever run.")
        if "{command}" in "\0".join(self.launcher_ahead):
            raise ConfigurationRejected("launcher_ahead has {command}, which is not known when it starts.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigurationRejected("tls_cert and tls_key go together: give both or neither.")
        for name, password in self.users.items():
            if set(name + password) & set(":\r\n"):
                raise ConfigurationRejected(
                    f"user {name}: a name or password with a colon or line break cannot be used."
                )
        if (
            "basic" in self.auth
            and "ntlm" not in self.auth
            and not self.tls_cert
            and not self.allow_unencrypted
        ):
            raise ConfigurationRejected("Basic over plain HTTP needs allow_unencrypted, or a certificate.")


def load_config(path: Path) -> ServerConfig:
    """Read the JSON file whose keys are the fields of `ServerConfig`; raises `ConfigurationRejected`."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationRejected(f"cannot read {path}: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigurationRejected(f"{path}: expected one JSON object.")
    return config_from(raw)


def config_from(raw: dict[str, Any]) -> ServerConfig:
    """`ServerConfig` from JSON's types; raises `ConfigurationRejected`."""
    _known(raw, ServerConfig, "the configuration")
    given = dict(raw)
    limits = given.pop("limits", {})
    _known(limits, Limits, "limits")
    for name, value in limits.items():
        if type(value) is not int and not (type(value) is float and name.endswith("_s") and isfinite(value)):
            raise ConfigurationRejected(f"limits: {name} is {value!r}, which is no number of its kind.")
    try:
        for key in ("launcher", "launcher_ahead", "auth"):
            if key in given:
                given[key] = tuple(str(item) for item in given[key])
        if "codepage_environment" in given:
            given["codepage_environment"] = {
                int(k): dict(v) for k, v in given["codepage_environment"].items()
            }
        if "output_encodings" in given:
            given["output_encodings"] = {int(k): (v[0], v[1]) for k, v in given["output_encodings"].items()}
        return ServerConfig(**given, limits=Limits(**limits))
    except ConfigurationRejected:
        raise
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        raise ConfigurationRejected(f"the configuration does not fit: {error}") from error


def _known(raw: object, of: type[ServerConfig] | type[Limits], where: str) -> None:
    if not isinstance(raw, dict):
        raise ConfigurationRejected(f"{where}: expected an object.")
    unknown = set(raw) - {f.name for f in fields(of)}
    if unknown:
        raise ConfigurationRejected(f"{where} has unknown keys: {', '.join(sorted(unknown))}.")
