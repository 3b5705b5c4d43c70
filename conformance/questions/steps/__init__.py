"""Is one step, given as arrays before and after, a step of a rule, and if not, of which one?"""
