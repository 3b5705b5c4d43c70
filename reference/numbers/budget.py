"""What a device's root and division may be off by, where IEEE 754 does not fix them.

Addition and multiplication are correctly rounded everywhere that optimizers run.  Roots,
reciprocals and reciprocal roots are not: XLA and CUDA have instructions of their own for them, with
stated or exhaustively measured largest errors.

Sources: "JAX: numerical accuracy" (https://docs.jax.dev/en/latest/accuracy.html, reviewed
2026-09-18: exhaustive for 16 and 32 bits; the worse of two vendors or generations is taken); "CUDA
C++ Programming Guide", mathematical functions, single- and double-precision tables (-prec-div=true
and -prec-sqrt=true by default; -use_fast_math turns both off and flushes subnormals).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """Largest errors in ulp of the result; half an ulp is correct rounding.

    reciprocal_root  of 1 / sqrt(x) as one operation; 0 where it is formed from the other two
    """

    root: float = 0.5
    reciprocal: float = 0.5
    reciprocal_root: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether roots and reciprocals are correctly rounded, so exact where that is possible."""
        return self == IEEE

    @property
    def root_roundings(self) -> int:
        """How many unit roundoffs a root is charged: half an ulp is at most one of them.

        A reciprocal root is a root and a reciprocal to the formula; what it may be off beyond these
        two is charged to the root.
        """
        return self._roundings(max(self.root, self.reciprocal_root - self.reciprocal))

    @property
    def division_roundings(self) -> int:
        """How many a division is charged: a product with the reciprocal rounds once more."""
        return self._roundings(self.reciprocal) + 1

    def _roundings(self, ulp: float) -> int:
        return max(1, -int(-2 * ulp // 1))


IEEE = Budget()
# device profile -> dtype -> budget; a dtype that is not listed is correctly rounded
PROFILES: dict[str, dict[str, Budget]] = {
    "ieee": {},
    "xla-cpu": {
        "float32": Budget(reciprocal_root=2.0),
        "float64": Budget(reciprocal_root=1.5),
    },
    "cuda": {
        "float32": Budget(reciprocal_root=2.0),
        "float64": Budget(reciprocal_root=1.0),
    },
    "cuda-fast-math": {
        "float32": Budget(root=3.0, reciprocal=2.0, reciprocal_root=2.0),
        "float64": Budget(reciprocal_root=1.0),
    },
    # Inductor's kernels: div.full.f32 and sqrt.approx.f32 of the PTX instruction set; its root was
    # correctly rounded when it was measured (docs/devices).
    "triton": {
        "float32": Budget(root=1.0, reciprocal=1.0, reciprocal_root=2.0),
        "float64": Budget(reciprocal_root=1.0),
    },
    "xla-cuda": {
        "float32": Budget(root=1.0, reciprocal=1.0, reciprocal_root=2.0),
        "float64": Budget(reciprocal_root=1.5),
    },
    # Generations v2 to v5e, whose reciprocal is the coarsest; float64 is emulated there.
    "tpu": {
        "float16": Budget(root=1.0),
        "bfloat16": Budget(reciprocal=1.0),
        "float32": Budget(root=3.0, reciprocal=198.0, reciprocal_root=2.5),
    },
}


def budget(profile: str, dtype: str) -> Budget:
    """The budget of a device profile for arithmetic in ``dtype``.

    Raises ValueError for a profile that is not known.
    """
    if profile not in PROFILES:
        raise ValueError(f"unknown arithmetic {profile!r}; known are {', '.join(PROFILES)}")
    return PROFILES[profile].get(dtype, IEEE)
