"""`python -m examples.fleet`: hosts that ask `bvt serve` which version to have, and install it, until they are ended.

Each host asks once in `--every` seconds. It installs what it is told, and says so with its next question. With
`--silent 1.0.1=25%` a quarter of the hosts that install that version are never heard of again, as hosts are that no
longer boot; which ones is fixed by their names. One line for every round says how many run what.
"""

import argparse
import asyncio
import sys
from urllib.parse import urlsplit

from examples.fleet.fleet import Fleet, Silent
from examples.fleet.polling import PollingError, poll


def main() -> int:
    """Exit code 0 after the last round or Ctrl-C, 2 for a wrong option, 4 if the server does not answer."""
    options = _options()
    address = urlsplit(options.url)
    fleet = Fleet(options.product, options.ring, options.hosts, options.version, dict(options.silent))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        for number in range(1, options.rounds + 1):
            asyncio.run(poll(fleet, address.hostname or "", address.port or 80, options.token, options.every))
            print(f"round {number}: {fleet.said()}")  # noqa: T201 - this is a program
    except KeyboardInterrupt:
        return 0
    except (PollingError, OSError, asyncio.IncompleteReadError) as error:
        print(f"fleet: {options.url} does not answer: {error}", file=sys.stderr)  # noqa: T201
        return 4
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.fleet", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--url", default="http://127.0.0.1:8480", help="bvt serve (%(default)s)")
    parser.add_argument("--token", required=True, help="its token, with the scope decide")
    parser.add_argument("--product", required=True, help="as in serve.yaml")
    parser.add_argument("--version", required=True, help="what every host runs at first")
    parser.add_argument("--ring", default="production", help="ring of every host, opted in (%(default)s)")
    parser.add_argument("--hosts", type=int, default=4000, help="(%(default)s)")
    parser.add_argument(
        "--every", type=float, default=5.0, help="seconds between two questions (%(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=10**9, help="questions of each host (until it is ended)"
    )
    parser.add_argument(
        "--silent",
        type=_silent,
        action="append",
        default=[],
        metavar="VERSION=SHARE%",
        help="hosts that this version silences; may be repeated",
    )
    return parser.parse_args()


def _silent(text: str) -> tuple[str, Silent]:
    version, _, share = text.partition("=")
    try:
        return version, Silent(float(share.removesuffix("%")) / 100)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no version and share, like 1.0.1=25%") from None


if __name__ == "__main__":
    sys.exit(main())
