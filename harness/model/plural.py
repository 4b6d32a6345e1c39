"""How many of what, in words."""


def plural(number: int, what: str) -> str:
    """`1 cell`, `2 cells`. What does not take an s is not for it."""
    return f"{number} {what}{'' if number == 1 else 's'}"
