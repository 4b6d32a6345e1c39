"""Reads files and registry hives from a stopped machine's disk, without starting or mounting it."""
