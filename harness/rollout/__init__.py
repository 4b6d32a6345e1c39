"""Roll-out: which host gets which version, and when a release is halted. Pure: no clock, no store, no network."""
