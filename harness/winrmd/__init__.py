"""A WS-Management shell server (WinRM) for guests that have none: Wine prefixes, also in Linux guest images.

Stands alone: standard library, defusedxml and, for NTLM, pyspnego. The folder runs as `python -m
harness.winrmd` and, copied elsewhere, as `python3 -m winrmd`; that is why its modules import one another
relatively.
"""
