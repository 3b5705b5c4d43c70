"""Cells as test items, and one assertion."""
