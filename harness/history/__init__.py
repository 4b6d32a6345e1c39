"""What runs came to, one after the other: since when does what fail."""
