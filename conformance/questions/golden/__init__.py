"""Questions to a machine that we do not have, and what its answers are worth."""
