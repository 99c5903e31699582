"""The network's one door: sessions, retries, redaction."""
