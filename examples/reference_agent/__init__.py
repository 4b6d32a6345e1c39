"""A real Windows service agent in C and its MSI, built with mingw-w64 and wixl."""
