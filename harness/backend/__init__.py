"""What the agent checks in to: embedded (osquery TLS remote API) or external, behind one interface."""
