"""mindspore.nn.RMSProp: a step returns a tuple with one bool a parameter, no Tensor[bool]."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
held = True
print("mindspore", ms.__version__)
for mode, name in ((ms.PYNATIVE_MODE, "PyNative"), (ms.GRAPH_MODE, "graph")):
    ms.set_context(mode=mode)
    for centered in (False, True):
        parameters = [Parameter(Tensor(np.zeros(1, np.float32)), name=n) for n in ("w", "v")]
        optimizer = nn.RMSProp(parameters, centered=centered)
        result = optimizer((Tensor(np.ones(1, np.float32)),) * 2)
        print(f"{name:8} centered={centered!s:5} documented Tensor[bool] observed {result!r}")
        held &= isinstance(result, tuple) and all(isinstance(item, bool) for item in result)
sys.exit(0 if held else 1)
