"""Reads the files people write, matrix and agent profiles. Every mistake is one sentence with its line."""

from harness.config.load import find_matrix, load_matrix, load_profile, search_path

__all__ = ["find_matrix", "load_matrix", "load_profile", "search_path"]
