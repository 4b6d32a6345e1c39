"""A fleet of hosts that do not exist, for trying `bvt serve` out."""
