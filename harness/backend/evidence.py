"""What a backend received, as a file that may leave the machine."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.model.errors import BackendError
from harness.model.masking import masker


def write_lines(path: Path, documents: Iterable[Mapping[str, Any]], secrets: Iterable[str]) -> None:
    """Write the documents as JSON Lines, secrets masked, by a temporary name. Raises `BackendError`."""
    masked = masker(secrets)
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="ascii") as file:
            for document in documents:
                file.write(masked(json.dumps(document)) + "\n")
        draft.replace(path)
    except OSError as error:
        raise BackendError(f"The backend's evidence cannot be written to {path}: {error}.") from error
