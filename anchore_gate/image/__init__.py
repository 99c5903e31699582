"""Where images come from, and the one pass that reads them."""
