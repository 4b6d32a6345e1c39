"""The run's directory: what lies where, work times, lock, waits, conclusion. Results come back only through it."""
