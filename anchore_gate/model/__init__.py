"""The values that walk through the house: frozen, hashable, free of I/O."""
