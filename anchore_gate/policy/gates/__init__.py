"""Policy gates. The folder is the registry: one module, one `GATE`."""
