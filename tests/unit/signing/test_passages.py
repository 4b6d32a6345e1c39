"""A cell's statement says from which release to which it went, and cannot say another than the plan seals."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from harness.gate.refusals import Ground
from harness.signing.claims import CELL_FIELD
from harness.signing.envelope import read_envelope
from harness.signing.schema import schema_file
from tests.unit.gate.releases import DOWNGRADE, OLD, RELEASES, UPGRADE
from tests.unit.gate.samples import CANDIDATE
from tests.unit.signing.samples import bundle_of, gate_of, joined, lines_of, resigned, verified

BUNDLE = bundle_of(gate_of([UPGRADE, DOWNGRADE], releases=RELEASES))


def claim_in(line: bytes) -> Any:
    return json.loads(read_envelope(line).payload)["predicate"][CELL_FIELD]


def test_each_statement_names_both_releases_by_digest_and_fits_its_schema() -> None:
    claims = [claim_in(line) for line in lines_of(BUNDLE)[1:3]]
    assert [claim["passages"] for claim in claims] == [
        [{"by": "upgrade", "origin": OLD.sha256, "to": CANDIDATE.sha256}],
        [{"by": "downgrade", "origin": CANDIDATE.sha256, "to": OLD.sha256}],
    ]
    schema = Draft202012Validator(json.loads(schema_file("cell").read_text()))
    assert [list(schema.iter_errors(claim)) for claim in claims] == [[], []]


def test_the_verified_bundle_says_which_way_back_is_proven() -> None:
    (way,) = verified(BUNDLE).ways_back
    assert (way.release.sha256, way.proven) == (OLD.sha256, True)


def test_another_release_than_the_plan_seals_is_refused_although_the_key_is_good() -> None:
    lines = lines_of(BUNDLE)

    def elsewhere(document: dict[str, Any]) -> None:
        document["predicate"][CELL_FIELD]["passages"][0]["to"] = "0d" * 32

    found = verified(joined([*lines[:2], resigned(lines[2], elsewhere), *lines[3:]]))
    sentences = [each.text for each in found.refusals if each.ground is Ground.PLAN]
    assert sentences == ["The cell says that it went from or to another release than the plan seals."]
    assert found.ways_back == ()
