"""A backend that the harness did not start, described in a file and asked by HTTP or by a command."""
