"""The tree of changes: each once, whose it is, since when."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from harness.model.profile.places import Keep
from harness.reports.machine_tree import Row, branch_of, machine_tree_page
from harness.residue.attribution import Attributed
from harness.residue.change import Change, Kind, Where
from harness.residue.changes_told import CANDIDATES, GONE, SINCE_INSTALL, SINCE_USE, rows_of


def file(path: str, kind: Kind = Kind.ADDED, **more: object) -> Change:
    return Change.model_validate({"kind": kind, "where": Where.FILE, "path": path, **more})


PROGRAM, LOG, CACHE, HOSTS = (
    file("C:\\Acme\\a.exe", size=2048, owner="S-1-5-18"),
    file("C:\\Logs\\a.log"),
    file("C:\\Acme\\cache.db"),
    file("C:\\Windows\\hosts", Kind.CHANGED, was="3 bytes", now="4 bytes"),
)


def test_each_change_has_its_owner_and_its_step() -> None:
    keep = Keep(kind="file", path="C:\\Acme\\cache.db", reason="kept on purpose")
    found = Attributed(candidate=[LOG], declared=[(keep, CACHE)], noise=[HOSTS])
    rows = {row.path[-1]: row for row in rows_of([PROGRAM, HOSTS], [LOG, CACHE, HOSTS], found, ended=True)}
    assert {name: row.since for name, row in rows.items()} == {
        "a.exe": GONE, "hosts": SINCE_INSTALL, "a.log": SINCE_USE, "cache.db": SINCE_USE,
    }  # fmt: skip
    assert rows["a.log"].whose == CANDIDATES
    assert rows["cache.db"].whose == "may stay: kept on purpose"
    assert rows["hosts"].what == "changed: 3 bytes → 4 bytes"
    assert [name for name, row in rows.items() if row.is_bad] == ["a.log"]


def test_without_a_look_at_the_end_nothing_counts_as_undone() -> None:
    (row,) = rows_of([PROGRAM], [], Attributed(agents_own=[PROGRAM]))
    assert (row.since, row.size, row.owner) == (SINCE_INSTALL, 2048, "S-1-5-18")


def test_a_value_lies_in_its_key_under_its_name() -> None:
    value = Change(
        kind=Kind.REMOVED, where=Where.REGISTRY, path="HKLM\\Software\\Acme", value="", was="REG_SZ 1"
    )
    (row,) = rows_of([], [value], Attributed(candidate=[value]), ended=True)
    assert row.path == ("HKLM", "Software", "Acme", "(default)")
    assert row.what == "removed: REG_SZ 1"


def test_what_is_held_against_the_candidate_is_open_and_marked() -> None:
    page = machine_tree_page("w/fresh", rows_of([], [LOG, CACHE], Attributed(candidate=[LOG])), "at the end")
    assert '<details open><summary><code>C:</code> <span class="soft">2</span>' in page  # the drive always is
    assert '<details open><summary><code>Logs</code> <span class="soft">1</span>' in page
    assert '<details><summary><code>Acme</code> <span class="soft">1</span>' in page
    assert '<div class="row bad"><code>a.log</code>' in page
    assert page.count('class="row bad"') == 1


class Balance(HTMLParser):
    """Fails on an element that is not closed in its order, and collects what is in `code`."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.rows += tag == "div"
        assert tag in {"html", "head", "meta", "title", "style", "body", "main", "h1", "p", "code", "div", "span",
                       "details", "summary"}  # fmt: skip

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.lists(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5), max_size=12))
def test_every_name_is_escaped_and_every_row_is_there(paths: list[list[str]]) -> None:
    rows = [Row(tuple(path), "added", "nobody's <b>", "since ever") for path in paths]
    assert branch_of(rows).count == len(rows)
    parser = Balance()
    parser.feed(machine_tree_page("<script>", rows, "at the end"))
    parser.close()
    assert (parser.open, parser.rows) == ([], len(rows))
