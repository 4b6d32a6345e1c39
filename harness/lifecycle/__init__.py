"""What happens to a cell's machine, step by step. Each action happens once; checks look at its result."""
