"""Anchore services, in their own words."""
