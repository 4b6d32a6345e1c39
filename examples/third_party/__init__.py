"""How a team gates an agent of its own: programs that others built, an installer, a profile, a backend."""
