"""The same cells over releases of one framework: what changed between which.

Each release gets an environment of its own; its run is kept, so that a history grows release by
release.  ``frameworks/*.toml`` say what an old release needs.
"""
