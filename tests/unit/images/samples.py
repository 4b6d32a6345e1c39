"""What the tests of images share."""

from functools import cache

from pydantic import SecretStr

from harness.images.account import USERNAME, Account, EndpointCertificate
from harness.images.recipe import WindowsRecipe, load_windows, windows_recipes

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
