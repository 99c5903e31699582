"""Which control of which standard a finding speaks to."""
