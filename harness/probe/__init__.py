"""The guest probe: one small program that answers questions about a Windows or Wine system in JSON."""
