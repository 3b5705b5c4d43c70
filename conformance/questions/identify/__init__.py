"""Black boxes: what an optimizer computes, told from its steps alone.

Every rule of the family is a hypothesis.  Experiments that separate those still possible are put to
the subject, and what the running bound says no legal evaluation can give is dropped, until one rule
is left or nothing separates those that are.
"""

from conformance.identification.inquiry import identify
from conformance.identification.questioning import Unidentifiable
from conformance.identification.result import Ambiguity, Factor, Identification

__all__ = ["Ambiguity", "Factor", "Identification", "Unidentifiable", "identify"]
