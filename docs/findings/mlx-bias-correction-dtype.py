"""mlx.optimizers.Adam with bias correction: of which dtype are float16 parameters after a step?"""

import sys
from importlib import metadata

import mlx.core as mx
import mlx.optimizers as optim

mx.set_default_device(mx.cpu)
version = metadata.version("mlx")
number = tuple(int(part) for part in version.split(".")[:3])
CHANGED = (0, 26, 4)  # the releases up to 0.26.3 do not keep the dtype
kept = {}
for dtype in (mx.float16, mx.bfloat16, mx.float32):
    optimizer = optim.Adam(learning_rate=0.01, bias_correction=True)
    weights = {"w": mx.zeros((4,), dtype=dtype)}
    optimizer.init(weights)
    after = optimizer.apply_gradients({"w": mx.ones((4,), dtype=dtype)}, weights)["w"]
    mx.eval(after)
    kept[dtype] = after.dtype == dtype
    print(f"mlx {version}: {dtype} parameters are {after.dtype} after a step")
narrow = [kept[mx.float16], kept[mx.bfloat16]]
# Before, the 16-bit formats become float32; since, all stay what they are.
held = kept[mx.float32] and (all(narrow) if number >= CHANGED else not any(narrow))
sys.exit(0 if held else 1)
