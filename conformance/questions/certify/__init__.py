"""Certificates: what was compared, how far it was off, and how anybody can run it again."""

from optimizer_conformance.questions.certify.issue import certify
from optimizer_conformance.questions.certify.record import Certificate
from optimizer_conformance.questions.certify.rerun import check

__all__ = ["Certificate", "certify", "check"]
