"""mindspore.nn.RMSProp: other keys beside order_params raise; the page says they are ignored."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
print("mindspore", ms.__version__)
seen = []
for extra in ({}, {"lr": 0.25}, {"weight_decay": 0.5}):
    w, v = (Parameter(Tensor(np.zeros(1, np.float32)), name=name) for name in ("w", "v"))
    try:
        groups = [{"params": [w, v]}, {"order_params": [v, w], **extra}]
        seen.append(",".join(p.name for p in nn.RMSProp(groups).parameters))
    except ValueError as error:
        seen.append(f"ValueError: {error}")
    print(f"beside order_params {extra}: documented v,w observed {seen[-1]}")
sys.exit(0 if seen[0] == "v,w" and all(s.startswith("ValueError") for s in seen[1:]) else 1)
