"""`./dev power`: every known-bad candidate and every good twin; what caught each, and in how many seconds."""
