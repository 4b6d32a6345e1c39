#!/usr/bin/env python3
"""The program of backend.yaml: it says whether a leaf node of this name is connected to the hub right now.

The hub's monitoring port is at HUB_MONITOR, by default that of hub.conf. Prints the leaf node as JSON; exit code 3 if
there is none, 75 ("try again") if the hub does not answer.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

NOT_THERE, TRY_AGAIN = 3, 75
MONITOR = os.environ.get("HUB_MONITOR", "http://127.0.0.1:18222")


def main() -> int:
    """Answer for the leaf node named on the command line; Windows gives names in capitals."""
    wanted = sys.argv[1].casefold()
    try:
        with urllib.request.urlopen(f"{MONITOR}/leafz", timeout=5) as answer:  # noqa: S310 - the user's own address
            leafs = json.load(answer).get("leafs") or []
    except urllib.error.URLError as error:
        sys.stderr.write(f"{MONITOR}: {error.reason}\n")
        return TRY_AGAIN
    for leaf in leafs:
        if leaf["name"].casefold() == wanted:
            # The hub lists who is connected now, so now is when it was last seen.
            sys.stdout.write(json.dumps({**leaf, "seen": time.time()}))
            return 0
    return NOT_THERE


if __name__ == "__main__":
    sys.exit(main())
