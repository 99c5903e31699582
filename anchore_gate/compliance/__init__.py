"""Which control of which standard a rule speaks to, and what a result says of each."""
