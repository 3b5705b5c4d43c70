"""How much the verdicts see: mutants, legal rewritings, and what others' tolerances make of them.

Two sentences are measured here.  *If it deviates we say so*: wrong rules (:mod:`.mutants`), carried
out in working precision, must be told from the documented one.  *If we say deviates, it deviates*:
the documented rule in any legal order of evaluation (:mod:`.styles`) must pass.
"""
