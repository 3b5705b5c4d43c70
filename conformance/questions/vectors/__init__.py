"""Frozen vectors: cases with proved enclosures as data, for projects that want no harness."""
