"""The checks that run against a candidate, by subject. `catalogue` names them all."""
