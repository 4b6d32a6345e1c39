"""What the tests of images share."""

import tempfile
from functools import cache
from pathlib import Path

from pydantic import SecretStr

from harness.images.account import USERNAME, Account, EndpointCertificate
from harness.images.probe_signer import ProbeSigner, probe_signer
from harness.images.recipe import WindowsRecipe, load_windows, windows_recipes
from harness.state import StateDirectory

NAMES = windows_recipes()
PASSWORD = "Throw-away-1"
BUILD_ID = "bvt-0123456789"
ACCOUNT = Account(USERNAME, SecretStr(PASSWORD))


@cache
def recipe(name: str) -> WindowsRecipe:
    return load_windows(name)


@cache
def certificate() -> EndpointCertificate:
    return EndpointCertificate.new("BVT-TEST", ACCOUNT.password)


@cache
def signer() -> ProbeSigner:
    """A made one."""
    with tempfile.TemporaryDirectory() as home:
        return probe_signer(StateDirectory(Path(home)), {})
