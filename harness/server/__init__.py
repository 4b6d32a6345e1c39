"""`bvt serve`: roll-out decisions over HTTP to update servers, and what they hear of their hosts. An extra: `serve`."""
