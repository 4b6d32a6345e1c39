"""From a request to a sealed plan, and back to one for `--resume` and `bvt repro`."""
