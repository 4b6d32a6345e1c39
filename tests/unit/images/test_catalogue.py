"""Who signed a driver's catalogue, and which Windows loads such a driver."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.images.catalogue import (
    ATTESTED_USAGE,
    CROSS_ROOT,
    WHQL_USAGE,
    CatalogueSigner,
    Certificate,
    DriverSignature,
    certificates,
    kind_of,
    objection,
    read_signer,
)
from tests.unit.images.catalogues import PUBLISHER, catalogue, signed_by_microsoft, signed_for_tests

RECORDED = Path(__file__).parents[2] / "recorded" / "catalogues.yaml"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.mark.parametrize("entry", yaml.safe_load(RECORDED.read_text()), ids=lambda entry: entry["of"])
def test_the_signatures_of_real_catalogues_are_told_apart(entry: dict[str, Any]) -> None:
    chain = [
        (each["subject"], each["issuer"], tuple(each.get("usages", ()))) for each in entry["certificates"]
    ]
    facts = [Certificate(subject, issuer, frozenset(usages)) for subject, issuer, usages in chain]
    assert kind_of(facts[0], facts).name == entry["kind"]
    signer = read_signer(catalogue(*chain))  # with the same names, by keys of our own
    assert (signer.kind.name, signer.subject) == (entry["kind"], chain[0][0])


@pytest.mark.parametrize(
    ("usage", "kind"), [(WHQL_USAGE, DriverSignature.WHQL), (ATTESTED_USAGE, DriverSignature.ATTESTED)]
)
def test_microsofts_two_signatures_differ_in_their_usage(usage: str, kind: DriverSignature) -> None:
    assert read_signer(signed_by_microsoft(usage)) == CatalogueSigner(kind, PUBLISHER)


def test_a_catalogue_that_was_changed_is_not_taken_for_signed() -> None:
    good = signed_by_microsoft(WHQL_USAGE)
    changed = good.replace(b"hashes of a driver's files", b"hashes of a rootkit's file")
    assert changed != good
    assert read_signer(changed) == CatalogueSigner(DriverSignature.BROKEN, PUBLISHER)


@pytest.mark.parametrize("data", [b"", b"viostor.cat", bytes(100)])
def test_what_is_no_catalogue_has_no_signature(data: bytes) -> None:
    assert read_signer(data) == CatalogueSigner(DriverSignature.NONE)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_catalogue_is_never_an_exception(place: int, noise: bytes) -> None:
    good = signed_for_tests()
    at = place % len(good)
    found = certificates(good[:at] + noise + good[at + len(noise) :])
    assert found is None or found[0] in found[1]


LOADED = {
    # kind: 7 and 8.1, Windows 10 without Secure Boot, Windows 11 with it
    DriverSignature.WHQL: (True, True, True),
    DriverSignature.ATTESTED: (False, True, True),
    DriverSignature.CROSS: (True, True, False),
    DriverSignature.TEST: (False, False, False),
    DriverSignature.NONE: (False, False, False),
    DriverSignature.BROKEN: (False, False, False),
}


@pytest.mark.parametrize("kind", DriverSignature)
def test_which_windows_loads_what(kind: DriverSignature) -> None:
    signer = CatalogueSigner(kind, "somebody")
    found = [
        not objection(signer, build, secure_boot=secure_boot)
        for build, secure_boot in ((9600, False), (19045, False), (22631, True))
    ]
    assert tuple(found) == LOADED[kind]


def test_certificates_that_issue_each_other_end_the_search() -> None:
    ring = [Certificate("a", "b"), Certificate("b", "a"), Certificate(CROSS_ROOT, "x")]
    assert kind_of(ring[0], ring) is DriverSignature.TEST
