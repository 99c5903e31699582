"""Version orders: one total order per ecosystem, one file each; `parse(text)` gives a hashable value."""
