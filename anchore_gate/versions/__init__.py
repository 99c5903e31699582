"""Version orders: one total order per ecosystem, one file each."""
