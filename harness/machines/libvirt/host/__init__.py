"""Hosts: their daemons, connections, sizes and events, and which machine goes where."""
