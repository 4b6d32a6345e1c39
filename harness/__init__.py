"""agent-bvt: the build-verification gate for Windows endpoint agents."""

__version__ = "0.1.0"
