"""What the outside sees and saves of a machine, whether or not its guest answers."""
