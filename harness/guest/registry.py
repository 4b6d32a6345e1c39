"""The guest's registry: exported by its own `reg`, read back as a file, parsed here."""

import secrets

from harness.guest.console import Console
from harness.guest.registry_text import RegistryTree, RegistryValue, decode, full_path, parse
from harness.guest.system_tools import REG
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, GuestFault
from harness.probe.answers import FileContent, KeyFacts

TIMEOUT_S = 60.0
FILE_NOT_FOUND = 2
ACCESS_DENIED = 5
"""Of a key: it is there. Keys above it are not asked for permission (Microsoft, "Registry Key Security")."""
LIMIT_BYTES = 128 * 1024 * 1024


class Registry:
    """Read-only. Keys may start with a hive's short or full name."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def export(self, key: str) -> RegistryTree:
        """The key with everything below it; an empty tree if there is no such key.

        Raises `GuestFault` if the key is there and cannot be read.
        """
        path = _checked(key)
        file = f"C:\\Windows\\Temp\\bvt-{secrets.token_hex(6)}.reg"
        probe = self._console.probe_path
        # One round trip: export, read back, delete. Standard output is a code page's, a file is UTF-16.
        result = self._console.run(
            f'{REG} export "{path}" "{file}" /y >nul 2>nul'
            f' && "{probe}" read --limit {LIMIT_BYTES} "{file}" & del /q "{file}" 2>nul',
            Deadline.after(TIMEOUT_S),
            in_cmd=True,
            repeatable=True,
        )
        try:
            content = self._console.answer(FileContent, "read", result)
        except GuestFault as fault:
            # Wine's cmd goes on behind a failed `&&`, and the probe finds no file; Windows' prints nothing.
            if fault.code != FILE_NOT_FOUND and result.stdout.strip():
                raise
            if self.exists(key):
                raise GuestFault(f"The registry key {path} is there and could not be exported.") from fault
            return RegistryTree({})
        if content.size > len(content.base64):
            raise GuestFault(
                f"The export of {path} has {content.size} bytes, more than the {LIMIT_BYTES} that are read.",
                hint="Export a smaller key.",
            )
        return parse(decode(content.base64))

    def value(self, key: str, name: str) -> RegistryValue | None:
        """One value (empty name: the default value), or None if key or value is missing."""
        return self.export(key).value(key, name)

    def exists(self, key: str) -> bool:
        """Whether there is such a key; one that refuses to be read is there. Raises `GuestFault` if nothing tells."""
        return bool(self.existing(key))

    def existing(self, *keys: str) -> list[str]:
        """Those of these keys that are there, in one round trip. Raises like `exists`."""
        there = []
        for key, found in zip(keys, self._facts(*keys), strict=True):
            if found.exists and found.code not in (None, ACCESS_DENIED):
                raise GuestFault(
                    f"Nothing tells whether there is a registry key {found.path}: Windows error {found.code}.",
                    code=found.code or 0,
                )
            there += [key] if found.exists else []
        return there

    def sddl(self, key: str) -> str | None:
        """Owner, group and access list of a key in SDDL; None if key or permission to read them is missing."""
        return self._facts(key)[0].sddl

    def _facts(self, *keys: str) -> list[KeyFacts]:
        # `reg` tells absent and forbidden apart only in words, which are translated; the probe by their codes.
        checked = [_checked(key) for key in keys]
        return self._console.probe(list[KeyFacts], "keys", *checked, repeatable=True) if checked else []


def _checked(key: str) -> str:
    if '"' in key or "%" in key:
        raise ConfigurationError(
            f"a registry key that holds a quote or a percent sign cannot be asked for: {key}"
        )
    return full_path(key)
