"""Stable-Baselines3's RMSpropTFLike on PyTorch."""

from __future__ import annotations

from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike

from optimizer_conformance.adapters.torch import DTYPES, RMSPROP, TorchAdapter

NAME = "stable_baselines3"

ROW = RMSPROP.changed(
    dtypes=DTYPES,
    own=RMSpropTFLike,
    claims=("stable-baselines3-rmsproptflike", "stable-baselines3-rmsproptflike-outside"),
    features=[[], ["momentum"], ["centered"], ["centered", "momentum"], ["weight_decay"]],
    switches=["centered"],
    page="https://github.com/DLR-RM/stable-baselines3/blob/v2.9.2/stable_baselines3/common/"
    "sb2_compat/rmsprop_tf_like.py",
)
OFFERS = {"stable_baselines3:RMSpropTFLike": ROW}

ADAPTER = TorchAdapter(NAME, OFFERS, (NAME, "torch", "numpy"))
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
