"""A PostgreSQL of the tests' own, and ledgers in it and in files."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from harness.promotion.ledger.store import Ledger
from tests.unit.promotion.conftest import folder as folder

STARTS_S = 120
_numbers = count(1)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql (packages.txt, part [test])")
    return found[-1].parent


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server. It listens on a socket in a folder, on no port."""
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="bvt-pg-"))
    # PostgreSQL refuses to run as root; its package has made a user for it.
    as_user = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
    )
    if as_user:
        shutil.chown(home, "postgres", "postgres")

    def run(*argv: str) -> None:
        done = subprocess.run(
            [*as_user, *argv], cwd=home, capture_output=True, text=True, timeout=STARTS_S, check=False
        )
        assert done.returncode == 0, f"{argv[0]}: {done.stdout}{done.stderr}"

    data = str(home / "data")
    try:
        run(
            str(programs / "initdb"),
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "ledger",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        )
        options = (
            f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync=off -c max_connections=30"
        )
        run(
            str(programs / "pg_ctl"),
            "-D",
            data,
            "-l",
            str(home / "log"),
            "-w",
            "-t",
            str(STARTS_S),
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql://ledger@/postgres?host={home}"
        finally:
            run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def new_schema(postgres: str) -> str:
    """The URL of a fresh schema, which is quicker made than a database."""
    name = f"ledger_{next(_numbers)}"
    engine = create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    return f"{postgres}&options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, folder: Path) -> str:
    """Where a ledger may be made."""
    if request.param == "sqlite":
        return str(folder / "ledger.db")
    return new_schema(request.getfixturevalue("postgres"))


@pytest.fixture
def ledger(place: str) -> Ledger:
    made = Ledger(place)
    made.create()
    return made
