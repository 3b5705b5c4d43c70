"""Sweeps: every value of an input, stepped and judged, so that what is largest is proved to be."""
