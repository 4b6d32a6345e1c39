"""Machine providers: one folder each. A machine hands out an address and credentials, nothing more."""
