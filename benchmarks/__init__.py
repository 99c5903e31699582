"""Timed comparisons. Never part of the tests."""
