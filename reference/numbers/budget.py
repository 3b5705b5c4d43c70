"""What a device's root, division and power may be off by, where IEEE 754 does not fix them.

Addition and multiplication are correctly rounded everywhere that optimizers run.  Roots,
reciprocals and reciprocal roots are not: XLA and CUDA have instructions of their own for them, with
stated or exhaustively measured largest errors.

Sources: "JAX: numerical accuracy" (https://docs.jax.dev/en/latest/accuracy.html, reviewed
2026-09-18: exhaustive for 16 and 32 bits; the worse of two vendors or generations is taken); "CUDA
C++ Programming Guide", mathematical functions, single- and double-precision tables (-prec-div=true
and -prec-sqrt=true by default; -use_fast_math turns both off and flushes subnormals).

Powers: "The GNU C Library", Known Maximum Errors in Math Functions (pow, powf, exp, log: 1 ulp at
most on x86_64 and AArch64; Arm's Optimized Routines, from which they come, state 0.52 for pow, 0.82
for powf); NumPy's vector code states 2.52 for exp and 3.83 for log in float32; the CUDA guide gives
expf 2 and logf 1, and gave powf 8 over its whole range, where docs/devices has 0.85 of the powers
that corrections need, and 4.9 of those of Inductor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, log


@dataclass(frozen=True)
class Budget:
    """Largest errors in ulp of the result; half an ulp is correct rounding.

    reciprocal_root  of 1 / sqrt(x) as one operation; 0 where it is formed from the other two
    power            of x^y
    exponential      of e^x, and ``logarithm`` of log x, through which a power may be formed
    """

    root: float = 0.5
    reciprocal: float = 0.5
    reciprocal_root: float = 0.0
    power: float = 1.0
    exponential: float = 1.0
    logarithm: float = 1.0

    @property
    def exact(self) -> bool:
        """Whether roots and reciprocals of powers of four are exact.

        Correctly rounded ones are, and MKL's, of all of them in float32 (docs/verdicts.md).
        """
        return self.reciprocal == 0.5 and not self.reciprocal_root and self.root < 1

    @property
    def root_roundings(self) -> int:
        """How many unit roundoffs a root is charged: half an ulp is at most one of them.

        A reciprocal root is a root and a reciprocal to the formula; what it may be off beyond these
        two is charged to the root.
        """
        return self.roundings(max(self.root, self.reciprocal_root - self.reciprocal))

    @property
    def division_roundings(self) -> int:
        """How many a division is charged: a product with the reciprocal rounds once more."""
        return self.roundings(self.reciprocal) + 1

    def power_roundings(self, count: int) -> int:
        """How many a power is charged: repeated products, or a power function.

        The power one is exact where what the function is off by leaves no doubt of its last digit.
        """
        if count == 1 and self.power <= 1:
            return 0
        return max(count + 2 if count > 1 else 0, self.roundings(self.power))

    def logarithm_roundings(self, base: float, count: int) -> int:
        """How many exp(count log base) is charged, which is written so that it loses digits.

        What is wrong with the logarithm and with the product, relative to ``count log base``, is
        wrong with the result.
        """
        product = 0 if count & (count - 1) == 0 else 1  # with a power of two it is exact
        inner = (self.roundings(self.logarithm) + product) * count * abs(log(base))
        return self.roundings(self.exponential) + ceil(inner)

    def roundings(self, ulp: float) -> int:
        """How many unit roundoffs so many ulp are charged."""
        return max(1, -int(-2 * ulp // 1))


IEEE = Budget()
# device profile -> dtype -> budget; a dtype that is not listed is correctly rounded
PROFILES: dict[str, dict[str, Budget]] = {
    "ieee": {},
    # PyTorch's CPU builds take roots of float32 from Intel's MKL: 0.7498 (docs/verdicts.md).
    "mkl": {"float32": Budget(root=0.75)},
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

# device profile -> power, exponential, logarithm, in whatever format the corrections are formed
POWERS = {
    "cuda": (2.0, 2.0, 1.0),
    "xla-cuda": (2.0, 2.0, 1.0),
    "cuda-fast-math": (8.0, 8.0, 8.0),
    "triton": (8.0, 8.0, 8.0),
    "tpu": (8.0, 8.0, 8.0),
}

CPU = {"float32": (1.0, 2.52, 3.83)}


def budget(profile: str, dtype: str) -> Budget:
    """The budget of a device profile for arithmetic in ``dtype``.

    Raises ValueError for a profile that is not known.
    """
    if profile not in PROFILES:
        raise ValueError(f"unknown arithmetic {profile!r}; known are {', '.join(PROFILES)}")
    power, exponential, logarithm = POWERS.get(profile) or CPU.get(dtype, (1.0, 1.0, 1.0))
    return replace(
        PROFILES[profile].get(dtype, IEEE),
        power=power,
        exponential=exponential,
        logarithm=logarithm,
    )
