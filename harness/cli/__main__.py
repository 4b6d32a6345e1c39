"""`python -m harness.cli` is `bvt`."""

from harness.cli.main import main

main()
