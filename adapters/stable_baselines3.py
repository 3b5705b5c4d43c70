"""Stable-Baselines3's RMSpropTFLike on PyTorch."""

from __future__ import annotations

from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.torch import DTYPES, RMSPROP, Path, description, opened, probed

NAME = "stable_baselines3"

RULE = RMSPROP._replace(
    dtypes=DTYPES,
    optimizer=RMSpropTFLike,
    claims=("stable-baselines3-rmsproptflike", "stable-baselines3-rmsproptflike-outside"),
    features=[[], ["momentum"], ["centered"], ["centered", "momentum"], ["weight_decay"]],
    switches=["centered"],
    page="https://github.com/DLR-RM/stable-baselines3/blob/v2.9.2/stable_baselines3/common/"
    "sb2_compat/rmsprop_tf_like.py",
)
PATHS = {"stable_baselines3:RMSpropTFLike": Path(RULE, {})}


def describe() -> protocol.Description:
    return description(NAME, PATHS, kit.versions(NAME, "torch", "numpy"))


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request, PATHS)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(PATHS[implementation].rule)
