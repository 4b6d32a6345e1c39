"""`./dev bench [NAME…] [--json]`: one module of this package is one benchmark; it offers `measure()`."""

import argparse
import importlib
import pkgutil
import signal
import sys
from collections.abc import Iterable

import bench
from bench.measure import Result
from harness.model.errors import HarnessError


def names() -> list[str]:
    return sorted(
        info.name
        for info in pkgutil.iter_modules(bench.__path__)
        if info.name not in ("__main__", "hello", "lab_rig", "measure", "rig", "run_rig")
    )


def main() -> int:
    # What a benchmark made is destroyed on the way out, also when somebody's time limit ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parser = argparse.ArgumentParser(prog="./dev bench", description="Benchmarks, side by side.")
    parser.add_argument("name", nargs="*", help=f"any of: {', '.join(names())} (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.name) - set(names()))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(names())}")
    for name in arguments.name or names():
        if not arguments.json:
            print(f"{name} …", file=sys.stderr, flush=True)
        try:
            results: Iterable[Result] = importlib.import_module(f"bench.{name}").measure()
            for found in results:  # measured as they are asked for
                print(found.as_json() if arguments.json else _line(found), flush=True)
        except HarnessError as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            return 4
    return 0


def _line(found: Result) -> str:
    return (
        f"{found.name:<28} ours {found.ours_s:9.4f} s   {found.peer:<34} {found.peer_s:9.4f} s"
        f"   {found.ratio:6.2f}×  {found.note}"
    )


if __name__ == "__main__":
    sys.exit(main())
