"""What an update server asks: the query of a decision, read strictly."""

from urllib.parse import unquote_plus

from harness.rollout.decision import OPEN_RING, Endpoint

TRUE, FALSE = ("1", "true"), ("0", "false")
LONGEST = 200
"""Characters of an id."""
KNOWN = ("product", "endpoint", "version", "ring", "opted_in", "safe_mode", "utc_offset_min")


class WrongQuestion(ValueError):
    """A request that makes no sense; its text is the answer's sentence."""


def read_question(query: bytes) -> tuple[str, Endpoint]:
    """Product and host of `product=…&endpoint=…&version=…`. Raises `WrongQuestion`."""
    try:
        pairs = [_pair(each) for each in query.decode("ascii").split("&")]
    except ValueError:
        raise WrongQuestion("the query is not well formed: expected name=value pairs.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in KNOWN:
            raise WrongQuestion(f"unknown parameter {name[:40]!r}; known: {', '.join(KNOWN)}.")
        if name in given:
            raise WrongQuestion(f"{name} is given twice.")
        given[name] = value
    product = _text(given, "product")
    return product, Endpoint(
        _text(given, "endpoint"),
        given.get("version", ""),
        given.get("ring") or OPEN_RING,
        _flag(given, "opted_in"),
        _flag(given, "safe_mode"),
        _offset(given),
    )


def _pair(text: str) -> tuple[str, str]:
    """`parse_qsl` for one pair, at a third of its price. Raises `ValueError`."""
    name, _, value = text.partition("=")
    if "%" in value or "+" in value:
        value = unquote_plus(value, errors="strict")
    return name, value


def _text(given: dict[str, str], name: str) -> str:
    value = given.get(name, "")
    if not 0 < len(value) <= LONGEST:
        raise WrongQuestion(f"{name} is missing, or longer than {LONGEST} characters.")
    return value


def _flag(given: dict[str, str], name: str) -> bool:
    value = given.get(name)
    if value is None or value in FALSE:
        return False
    if value in TRUE:
        return True
    raise WrongQuestion(f"{name} is {value[:40]!r}: expected {', '.join((*TRUE, *FALSE))}.")


def _offset(given: dict[str, str]) -> int:
    value = given.get("utc_offset_min", "0")
    number = int(value) if value.removeprefix("-").isdecimal() and len(value) < 6 else None
    if number is None or abs(number) > 900:
        raise WrongQuestion("utc_offset_min is no number of minutes from -900 to 900.")
    return number
