"""Opens the backend that a run was asked for.

Each kind brings a library of its own (a web server with a database, an HTTP client) that takes longer to import than all
else of `bvt plan`; only the one that is asked for is.
"""

import os
from pathlib import Path

from harness.backend.embedded.pki import make_authority
from harness.backend.external.description import load_description
from harness.backend.external.model import HttpDescription
from harness.backend.interface import Backend


def open_backend(spec: str | Path | None, run_dir: Path, authority: Path) -> Backend:
    """The embedded backend (None) with a database in `run_dir`; else the one that the file `spec` describes.

    Each process opens its own. An external one uses neither directory. Raises `ConfigurationError` for a wrong file,
    `BackendError` if it fails.
    """
    if spec is None:
        from harness.backend.embedded.backend import EmbeddedBackend

        return EmbeddedBackend(make_authority(authority), run_dir / f"backend-{os.getpid()}.sqlite")
    file = Path(spec).absolute()
    description = load_description(file)
    if isinstance(description, HttpDescription):
        from harness.backend.external.http import HttpBackend

        return HttpBackend(description, file)
    from harness.backend.external.command import CommandBackend

    return CommandBackend(description, file)
