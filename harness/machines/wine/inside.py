"""Runs programs in a root image, in namespaces of their own: `python -m harness.machines.wine.inside JOB.json`."""

import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import harness
from harness.machines.wine import namespaces, root_view

_PACKAGE_PARENT = Path(harness.__file__).parent.parent


@dataclass(frozen=True)
class Job:
    """What to run in the image. When the last program has ended, so has everything that they started.

    The directories in `own` are shown as they are, those in `shown` read-only, all under the names that they have on the
    host. The programs run one after another in `directory`; the exit code is that of the last.
    """

    image: str
    own: list[str]
    directory: str
    environment: dict[str, str]
    programs: list[list[str]]
    shown: list[str] = field(default_factory=list)

    def command(self, working: Path) -> list[str]:
        """The job as a command of the host, after it was written into the directory `working`. Raises `OSError`."""
        descriptor, name = tempfile.mkstemp(prefix="job-", suffix=".json", dir=working)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        return [sys.executable, "-S", "-m", __name__, name]

    def surroundings(self) -> dict[str, str]:
        """The environment of that command. It names the prefix, too: that is how whoever cleans up finds it."""
        path = os.pathsep.join([str(_PACKAGE_PARENT), *filter(None, sys.path)])
        prefix = self.environment.get("WINEPREFIX", "")
        return {"PATH": os.defpath, "PYTHONPATH": path, "LANG": "C.UTF-8", "WINEPREFIX": prefix}


def main() -> None:
    """Enter the namespaces and run the job. Standard output and error are the programs'."""
    file = Path(sys.argv[1])
    job = Job(**json.loads(file.read_text()))
    view = file.with_suffix(".view")
    view.mkdir(exist_ok=True)
    namespaces.enter(with_user=os.geteuid() != 0)
    first = os.fork()  # the first process of the new process namespace
    if first == 0:
        try:
            os._exit(_run(job, view))
        except OSError as error:
            sys.stderr.write(f"the image could not be entered: {error}\n")
            sys.stderr.flush()
        finally:
            os._exit(1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]))


def _run(job: Job, view: Path) -> int:
    namespaces.die_with_parent()
    namespaces.fix_addresses()
    namespaces.loopback_up("127.0.0.2")
    root_view.assemble(view, Path(job.image), shown=map(Path, job.shown))
    for path in job.own:
        root_view.show(Path(path), view)
    code = 0
    for program in job.programs:
        child = root_view.spawn(view, Path(job.directory), program, job.environment)
        while True:  # orphans of Wine's end here, too
            pid, status = os.wait()
            if pid == child:
                code = os.waitstatus_to_exitcode(status) & 0xFF
                break
    return code


if __name__ == "__main__":
    main()
