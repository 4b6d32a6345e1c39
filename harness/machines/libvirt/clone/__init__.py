"""From a stored image to a running clone of it: templates, domains, disks, identity, readiness."""
