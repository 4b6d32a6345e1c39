"""Benchmarks: each measures this project and what one would use instead, interleaved in one run."""
