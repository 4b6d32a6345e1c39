"""One run: its directory, its sealed plan, its cells, its conclusion."""
