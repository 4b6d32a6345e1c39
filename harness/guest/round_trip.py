"""Several questions to the guest's probe in one round trip; each answer is read by its question."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from harness.guest.guest import Guest
from harness.probe.answers.files import Tree
from harness.probe.reading import read_value

Shape = TypeVar("Shape")


class RoundTrip:
    """Asks at once. A question that is put twice is asked once.

    `repeatable`: asking again changes nothing, so that it may be done where the connection breaks. Raises what the
    guest layer raises.
    """

    def __init__(self, guest: Guest, questions: Iterable[Sequence[str]], *, repeatable: bool = True) -> None:
        asked = tuple(dict.fromkeys(tuple(question) for question in questions))
        answers = guest.batch(*asked, repeatable=repeatable)
        self._answers = dict(zip(asked, answers, strict=True))

    def read(self, shape: type[Shape], *question: str) -> Shape:
        """The answer to one of the questions. Raises `ProbeFailed` if the probe reported an error instead."""
        return read_value(question[0], shape, self._answers[question])

    def paths(self, *roots: str) -> list[str]:
        """The full paths of these folders and of everything below them; `trees` asks for that."""
        found = []
        for root in roots:
            tree = self.read(Tree, "tree", root)
            found += [tree.root] if tree.exists else []
            found += [f"{tree.root}\\{entry.path}" for entry in tree.entries]
        return found


def trees(*roots: str) -> list[list[str]]:
    """The questions for everything below each of these folders."""
    return [["tree", root] for root in roots]
