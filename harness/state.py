"""Where the harness keeps what outlives a command: templates, images, intents, kept machines."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from harness.model.errors import ConfigurationError


@dataclass(frozen=True)
class StateDirectory:
    """One directory per user. `BVT_HOME` moves it, e.g. for a CI job of its own."""

    root: Path

    @classmethod
    def default(cls) -> "StateDirectory":
        """The directory that `BVT_HOME` names, else the user's cache directory.

        Raises `ConfigurationError` if neither is known: a user of a container may have no home directory.
        """
        named = os.environ.get("BVT_HOME")
        try:
            return cls(Path(named or platformdirs.user_cache_dir("agent-bvt")).absolute())
        except RuntimeError:
            raise ConfigurationError(
                "this user has no home directory that the harness could keep its state in.",
                hint="Name a directory in BVT_HOME.",
            ) from None

    def part(self, *names: str) -> Path:
        """A sub-directory, made with mode 0700 if it is not there. Raises `ConfigurationError` if it cannot be used."""
        path = self.root.joinpath(*names)
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The root alone: a part of it may be a link to images that others share.
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise ConfigurationError(
                f"the harness cannot keep its state here: {error.strerror}.",
                file=str(path),
                hint="Name another directory in BVT_HOME.",
            ) from error
        return path

    @property
    def intents(self) -> Path:
        """One JSON file per machine that exists or is about to."""
        return self.part("intents")

    @property
    def machines(self) -> Path:
        """Working directories of machines."""
        return self.part("machines")

    @property
    def images(self) -> Path:
        """Images and Wine prefix templates, by name and digest."""
        return self.part("images")

    @property
    def kept(self) -> Path:
        """How to reach kept machines."""
        return self.part("kept")
