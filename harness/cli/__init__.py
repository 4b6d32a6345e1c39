"""The `bvt` command: a thin face over the rooms."""
