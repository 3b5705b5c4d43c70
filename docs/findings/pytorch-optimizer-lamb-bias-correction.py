"""pytorch_optimizer.Lamb: the default update corrects the first moment's bias."""

import sys
from importlib.metadata import version

import pytorch_optimizer
import torch

RATE, BETA1, BETA2, GRADIENT = 0.001, 0.9, 0.999, 1.0


def first_step(**options):
    """The parameter after one step from zero, in float64, with a trust ratio of one."""
    w = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = pytorch_optimizer.Lamb(
        [w], lr=RATE, betas=(BETA1, BETA2), eps=0.0, adam=True, **options
    )
    w.grad = torch.full((1,), GRADIENT, dtype=torch.float64)
    optimizer.step()
    return w.item()


root = (1 - BETA2) ** 0.5
uncorrected = -RATE * (1 - BETA1) / root
first_only = -RATE / root
both = -RATE
print("pytorch_optimizer", version("pytorch_optimizer"), "torch", torch.__version__)
print("without correction", uncorrected, " first moment alone", first_only, " both", both)
found = {
    words: first_step(**options)
    for words, options in {
        "Lamb()": {"foreach": False},
        "Lamb(foreach=True)": {"foreach": True},
        "Lamb(adam_debias=True)": {"foreach": False, "adam_debias": True},
    }.items()
}
for words, value in found.items():
    print(words, value)


def nearest(value):
    """Which of the three it is."""
    return min((uncorrected, first_only, both), key=lambda rule: abs(value - rule))


held = [nearest(value) for value in found.values()] == [first_only, first_only, uncorrected]
sys.exit(0 if held else 1)
