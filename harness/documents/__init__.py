"""Reads YAML that people write into typed data, without its traps; a mistake is one sentence with file, line and key."""
