"""What is claimed about, changed: do the claims notice?

``python -m … verify`` decides claims; here the claims are what is measured.  A *fault* changes what
a claim runs in one respect: our transcription of MATLAB's functions (:mod:`.refusals`,
:mod:`.results`, :mod:`.arithmetic`), the rule on the reference, or the answers of a probed
framework (:mod:`.answers`).  A claim notices a fault by its verdict, or by a value that is kept.
"""
