"""Signed evidence: keys by URI, DSSE envelopes of in-toto statements, the bundle, and its verification."""
