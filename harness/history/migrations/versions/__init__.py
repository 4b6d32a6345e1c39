"""One module a version; none is changed after a release."""
