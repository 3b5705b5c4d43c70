"""mindspore.nn.RMSProp: params "must be list"; a tuple and a generator are taken as well."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
print("mindspore", ms.__version__)
seen = {}
for kind, make in (("list", list), ("tuple", tuple), ("generator", iter)):
    w = Parameter(Tensor(np.zeros(1, np.float32)), name="w")
    try:
        optimizer = nn.RMSProp(make([w]))
        seen[kind] = f"accepted, {len(optimizer.parameters)} parameter"
    except (TypeError, ValueError) as error:
        seen[kind] = type(error).__name__
    print(f"{kind:9}: {seen[kind]}")
sys.exit(0 if all(said.startswith("accepted") for said in seen.values()) else 1)
