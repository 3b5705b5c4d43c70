"""Which implementations follow one rule, and what separates each two."""
