"""The pytest plugin. pytest itself sees the door alone; everything else is imported once a run is asked for."""

from harness.plugin.door import pytest_addoption, pytest_collection_modifyitems, pytest_configure

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure"]
