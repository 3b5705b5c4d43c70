"""Certificates: what was compared, how far it was off, and how anybody can run it again."""

from conformance.certificates.issue import certify
from conformance.certificates.record import Certificate
from conformance.certificates.rerun import check

__all__ = ["Certificate", "certify", "check"]
