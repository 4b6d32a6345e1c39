"""The guest's registry, as its probe reads it."""

from types import MappingProxyType

from harness.guest.console import Console
from harness.guest.registry_tree import RegistryKey, RegistryTree, RegistryValue, full_path, normalised
from harness.model.errors import GuestFault
from harness.probe.answers.registry import KeyExport, KeyFacts

TIMEOUT_S = 60.0
MORE_DATA = 234
ACCESS_DENIED = 5
"""Of a key: it is there. Keys above it are not asked for permission (Microsoft, "Registry Key Security")."""
LIMIT_BYTES = 64 * 1024 * 1024


class Registry:
    """Read-only. Keys may start with a hive's short or full name, and hold every character but a line break."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def export(self, key: str) -> RegistryTree:
        """The key with everything below it; an empty tree if there is no such key.

        Raises `GuestFault` if the key is there and cannot be read, or holds more than `LIMIT_BYTES`.
        """
        asked = ("export", "--limit", str(LIMIT_BYTES), full_path(key))
        try:
            answer = self._console.probe(KeyExport, *asked, deadline=self._console.within(TIMEOUT_S))
        except GuestFault as fault:
            if fault.code != MORE_DATA:
                raise
            raise GuestFault(
                f"The registry key {full_path(key)} holds more than the {LIMIT_BYTES} bytes that are read.",
                code=fault.code,
                hint="Ask for a smaller key.",
            ) from fault
        if answer.exists and answer.code:
            raise GuestFault(
                f"The registry key {answer.path} is there and could not be exported: Windows error {answer.code}.",
                code=answer.code,
            )
        return tree_of(answer)

    def value(self, key: str, name: str) -> RegistryValue | None:
        """One value (empty name: the default value), or None if key or value is missing. Raises like `export`."""
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
        paths = [full_path(key) for key in keys]
        return self._console.probe(list[KeyFacts], "keys", *paths, repeatable=True) if paths else []


def tree_of(answer: KeyExport) -> RegistryTree:
    """The tree that the probe exported."""
    keys, refused = {}, {}
    for each in answer.keys:
        if each.code is not None:
            refused[normalised(each.path)] = each.code
        values = {
            value.name.lower(): RegistryValue(value.name, value.type, value.base64) for value in each.values
        }
        keys[normalised(each.path)] = RegistryKey(each.path, MappingProxyType(values))
    return RegistryTree(MappingProxyType(keys), MappingProxyType(refused))
