"""mxnet.optimizer.RMSProp makes float32 state for every weight, so other weights are refused."""

import sys

import mxnet as mx

held = True
print("mxnet", mx.__version__, "on", mx.cpu())
for maker in (mx.optimizer.RMSProp, mx.optimizer.Adam):
    for dtype in ("float16", "float32", "float64"):
        optimizer, w = maker(), mx.nd.zeros(2, dtype=dtype)
        state = optimizer.create_state(0, w)
        try:
            optimizer.update(0, w, mx.nd.ones(2, dtype=dtype), state)
            outcome = str(w.asnumpy())
        except mx.base.MXNetError as error:
            outcome = "MXNetError: " + str(error).strip().splitlines()[-1].rpartition("failed: ")[2]
        print(f"{maker.__name__:8}{dtype:8} state {state[0].dtype.__name__}: {outcome}")
        refused = maker is mx.optimizer.RMSProp and dtype != "float32"
        held &= refused == outcome.startswith("MXNetError")
        try:  # The operator beneath takes every dtype.
            w, n = mx.nd.zeros(2, dtype=dtype), mx.nd.zeros(2, dtype=dtype)
            mx.nd.rmsprop_update(w, mx.nd.ones(2, dtype=dtype), n, lr=0.1, out=w)
        except mx.base.MXNetError:
            held = False
sys.exit(0 if held else 1)
