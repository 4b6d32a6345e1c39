"""Reads the installer under test: what it is, what it installs, and who signed it."""

from harness.candidate.authenticode import read_signature
from harness.candidate.payload import MsiFile, PayloadSignature, installed_files, payload_signatures
from harness.candidate.read import read_candidate

__all__ = [
    "MsiFile",
    "PayloadSignature",
    "installed_files",
    "payload_signatures",
    "read_candidate",
    "read_signature",
]
