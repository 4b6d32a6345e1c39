"""The programs inside an MSI, unpacked once per process, so that installed files can be compared with them."""

import tempfile
from functools import cache
from pathlib import Path, PurePosixPath

from harness.candidate.payload import payload_signatures
from harness.files import sha256_of
from harness.model.base import Frozen
from harness.model.candidate import Signature


class PayloadFile(Frozen):
    """One program as the MSI carries it."""

    name: str
    sha256: str
    signature: Signature


@cache
def payload_of(candidate: Path) -> tuple[PayloadFile, ...]:
    """Every executable in the MSI. Raises `ConfigurationError` if it cannot be unpacked."""
    with tempfile.TemporaryDirectory(prefix="bvt-payload-") as workdir:
        found = payload_signatures(candidate, Path(workdir))
        return tuple(
            PayloadFile(
                name=PurePosixPath(file.path).name,
                sha256=sha256_of(Path(workdir) / "payload" / file.path),
                signature=file.signature,
            )
            for file in found
        )
