"""pytorch_optimizer's QHAdam weights its averages in float32, for float64 parameters too."""

import sys
from importlib.metadata import version

import numpy as np
import pytorch_optimizer
import torch

RATE, BETAS, NUS, EPS, STEPS = 0.001, (0.9, 0.999), (1.0, 1.0), 1e-8, 3
GRADIENTS = (1.0, -0.5, 0.25)


def rule(kept: type) -> float:
    """QHAdam with its averages of weights 1 / (1 + beta + beta^2 + ...), the sums kept so."""
    w = m = v = 0.0
    sums = [kept(0), kept(0)]
    for g in GRADIENTS:
        sums = [kept(kept(s * kept(b)) + kept(1)) for s, b in zip(sums, BETAS, strict=True)]
        first, second = (float(kept(1) / s) for s in sums)
        m, v = m + first * (g - m), v + second * (g * g - v)
        w -= RATE * m / (np.sqrt(v) + EPS)
    return float(w)


parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
optimizer = pytorch_optimizer.QHAdam([parameter], lr=RATE, betas=BETAS, nus=NUS, eps=EPS)
for g in GRADIENTS:
    parameter.grad = torch.full_like(parameter, g)
    optimizer.step()
observed = float(parameter.detach()[0])
kept = optimizer.state[parameter]["beta2_weight"].dtype
far = {name: abs(observed / rule(getattr(np, name)) - 1) for name in ("float64", "float32")}
print("pytorch_optimizer", version("pytorch_optimizer"), "torch", torch.__version__)
print(f"parameter {parameter.dtype}, weights {kept}: {observed:.17f}")
for name, value in far.items():
    print(f"weights in {name}: relative distance {value:.1e}")
# Twenty operations a step of half an ulp each, at most, are rounding; what is more is not.
rounding = 20 * STEPS * np.finfo(np.float64).eps / 2
sys.exit(0 if far["float32"] <= rounding < far["float64"] else 1)
