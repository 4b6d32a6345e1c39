import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from harness.model.masking import MASK, mask

secret_text = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=8)


@given(secret_text, st.text())
def test_no_form_of_a_secret_survives(secret: str, around: str) -> None:
    forms = (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
    masked = mask("|".join((around.replace(secret, ""), *forms)), [secret])
    assert masked.endswith(f"|{MASK}|{MASK}|{MASK}")


def test_a_secret_that_contains_another_leaves_nothing_behind() -> None:
    assert mask("key=abcdef", ["abc", "abcdef"]) == f"key={MASK}"


def test_an_empty_secret_masks_nothing() -> None:
    assert mask("plain", [""]) == "plain"
