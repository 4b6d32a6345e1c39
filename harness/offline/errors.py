"""What can be wrong with a disk. Each sentence names the disk and says what to do."""

from harness.model.errors import ConfigurationError, InfrastructureError

LIBRARY_ERRORS = (OSError, RuntimeError, SystemError, ValueError, OverflowError, MemoryError, TypeError)
"""What the C libraries raise on damaged data, found by feeding them thousands of damaged disks and hives."""


class NotADisk(ConfigurationError):
    """The file is no disk image that can be read: empty, cut short, of no known format, without a file behind it."""


class DiskUnreadable(InfrastructureError):
    """A partition table, a filesystem or a cluster of an opened image is damaged."""


class DiskInUse(InfrastructureError):
    """A running QEMU writes to the disk: what is read now may be torn."""


class FilesystemUnknown(ConfigurationError):
    """The volume is there; what is on it is none of the filesystems read here."""


class VolumeEncrypted(ConfigurationError):
    """The volume is encrypted by BitLocker."""


class NotAHive(ConfigurationError):
    """The file is no registry hive."""


class HiveUnreadable(InfrastructureError):
    """The hive is damaged beyond reading."""


class NotOnDisk(ConfigurationError):
    """There is no such file, directory, volume or registry key on this disk."""


def reason(error: Exception) -> str:
    """The innermost sentence of a library's error: libyal lists its call chain, the cause second."""
    sentences = [
        part.strip().rstrip(".") for part in " ".join(str(error).split()).split(". ") if part.strip()
    ]
    text = sentences[min(1, len(sentences) - 1)] if sentences else type(error).__name__
    return text.split(": ", 1)[-1] if text.startswith(("lib", "py")) else text
