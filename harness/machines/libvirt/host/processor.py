"""The processor that frozen machines were made on: they may be loaded on another one like it alone."""

import hashlib
import platform
from pathlib import Path


def processor_in_short(processor: str) -> str:
    """A processor's model, and a digest of the rest."""
    model = processor.partition("\n")[0].rpartition(": ")[2]
    return f"{model} ({hashlib.sha256(processor.encode()).hexdigest()[:8]})"


def host_processor() -> str:
    """The processor's model and features: a frozen state may use any of them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(line for line in lines if line.startswith(("model name", "flags", "microcode")))
