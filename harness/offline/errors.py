"""What can be wrong with a disk. Each sentence names the disk and says what to do."""

from harness.model.errors import ConfigurationError, InfrastructureError


class DiskUnreadable(InfrastructureError):
    """The image, a file behind it, its partition table or a filesystem is damaged or of an unknown format."""


class DiskInUse(InfrastructureError):
    """A running QEMU writes to the disk: what is read now may be torn."""


class FilesystemUnknown(InfrastructureError):
    """The volume is there; what is on it is none of the filesystems read here."""


class VolumeEncrypted(InfrastructureError):
    """The volume is encrypted by BitLocker."""


class HiveUnreadable(InfrastructureError):
    """The file is no registry hive, or damaged beyond reading."""


class NotOnDisk(ConfigurationError):
    """There is no such file, directory, volume or registry key on this disk."""
