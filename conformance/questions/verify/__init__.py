"""The verifier: every claim of a document, decided by something that ran.

A document is a file ``reference/claims/NAME.toml`` (:mod:`questions.verify.document`).  A claim
names the check that decides it (:mod:`questions.verify.checks`); what real frameworks are asked
beyond the worker protocol stands in :mod:`questions.verify.probes`.  The policy that turns what
was observed into a verdict is ``docs/adr/0009-what-a-claim-is-decided-on.md``.
"""
