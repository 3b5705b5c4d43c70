"""mindspore.nn.RMSProp: an int loss_scale is converted where a TypeError is documented."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
print("mindspore", ms.__version__)
seen = {}
for name, value in (("decay", 1), ("momentum", 1), ("epsilon", 1), ("loss_scale", 2)):
    w = Parameter(Tensor(np.zeros(1, np.float32)), name="w")
    try:
        optimizer = nn.RMSProp([w], **{name: value})
        seen[name] = f"accepted, kept as {getattr(optimizer, name)!r}"
    except TypeError:
        seen[name] = "TypeError"
    print(f"{name:10} = {value}: documented TypeError observed {seen[name]}")
others = all(seen[name] == "TypeError" for name in ("decay", "momentum", "epsilon"))
sys.exit(0 if others and seen["loss_scale"].startswith("accepted") else 1)
