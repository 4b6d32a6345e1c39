"""The backend that comes with the harness: an osquery TLS remote API of its own for each worker."""
