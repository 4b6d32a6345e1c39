"""What the guest probe can do to provoke telemetry."""

STIMULUS_FACTS: dict[str, frozenset[str]] = {
    "process_start": frozenset({"nonce", "pid", "path", "cmdline"}),
    "connection": frozenset({"nonce", "pid", "local_port", "remote_address", "remote_port"}),
    "listening_port": frozenset({"nonce", "pid", "port", "address"}),
    "service": frozenset({"nonce", "name", "display_name", "path"}),
    "file_change": frozenset({"nonce", "path"}),
    "registry_change": frozenset({"nonce", "key", "name", "data"}),
    "scheduled_task": frozenset({"nonce", "name", "path"}),
    "user": frozenset({"nonce", "name"}),
    "group": frozenset({"nonce", "name"}),
    "permission": frozenset({"nonce", "path"}),
    "firewall_rule": frozenset({"nonce", "name"}),
}
"""What the guest probe can do to provoke telemetry, and the facts that it gives of each."""


COMMON_FACTS: dict[str, frozenset[str]] = {
    "process_start": frozenset({"path"}),  # the probe's own
    "connection": frozenset({"remote_address"}),
    "listening_port": frozenset({"address"}),
    "service": frozenset({"path"}),  # the probe's own
    "registry_change": frozenset({"key"}),
}
"""Facts that are the same every time: a row with nothing else may be there without its stimulus."""


STIMULI = tuple(STIMULUS_FACTS)
