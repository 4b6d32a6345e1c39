"""The WinRM connection: envelopes, one kept shell, a deadline on every step."""
