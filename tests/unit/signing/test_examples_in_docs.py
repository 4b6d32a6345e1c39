"""The examples of the documents are read as users will copy them."""

import re
from pathlib import Path

from harness.signing.policy_file import load_policy
from harness.signing.waiver_files import draft_envelope, waiver_in
from tests.unit.signing.people import ANA, BEN, pem_of

FORMATS = Path(__file__).parents[3] / "docs" / "formats"


def example(name: str) -> str:
    """The first YAML block of the document."""
    found = re.search(r"```yaml\n(.*?)```", (FORMATS / name).read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_policy_of_the_document_can_be_read(tmp_path: Path) -> None:
    short = "-----BEGIN PUBLIC KEY-----\\n…\\n-----END PUBLIC KEY-----\\n"
    text = example("gate-policy.md")
    assert short in text
    text = text.replace(short, pem_of(ANA).replace("\n", "\\n"))
    block = "-----BEGIN PUBLIC KEY-----\n      …\n      -----END PUBLIC KEY-----"
    assert block in text
    path = tmp_path / "gate-policy.yaml"
    path.write_text(text.replace(block, pem_of(BEN).strip().replace("\n", "\n      ")))
    loaded = load_policy(path)
    assert set(loaded.policy.tiers) == {"internal", "beta"}
    assert set(loaded.people) == {"ana", "ben"}


def test_the_waiver_of_the_document_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "w17.yaml"
    path.write_text(example("waiver.md").replace("3f9a…", "3f9a" * 16))
    waiver = waiver_in(draft_envelope(path))
    assert waiver is not None
    assert waiver.id == "W-2026-17"
