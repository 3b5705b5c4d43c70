"""The machine that a run ran on, as far as it can change a result."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

# Variables that frameworks read and that change how they compute.
ARITHMETIC = (
    "XLA_", "JAX_", "KERAS_", "TF_ENABLE_", "TF_XLA_", "TF_USE_", "TF_CUDNN_", "TF_CUBLAS_",
    "TF_DETERMINISTIC", "TORCH_ALLOW", "PYTORCH_", "CUBLAS_", "CUDNN_", "NVIDIA_TF32",
    "CUDA_VISIBLE_DEVICES", "MS_", "ONEDNN_", "DNNL_", "MKL_", "OPENBLAS_", "OMP_",
)  # fmt: skip
# What the harness computes with: NumPy expands the arrays, Hypothesis draws the cases.
HARNESS = ("numpy", "hypothesis", "python-flint")


@lru_cache(maxsize=1)
def processor() -> str:
    """The processor's model, which decides which vector instructions a kernel uses."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@lru_cache(maxsize=1)
def harness() -> dict[str, str]:
    """Interpreter and packages that the reference is computed with."""
    found = {"python": platform.python_version()}
    for name in HARNESS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def arithmetic_variables() -> dict[str, str]:
    """Environment variables that reach the workers and may change arithmetic."""
    return {
        name: value for name, value in sorted(os.environ.items()) if name.startswith(ARITHMETIC)
    }


@lru_cache(maxsize=1)
def accelerators() -> list[str]:
    """Each NVIDIA device: name, driver and memory, as its driver's own tool lists them."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            [tool, *query], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def machine() -> dict[str, Any]:
    """For the provenance of a run."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "accelerators": accelerators(),
        "harness": harness(),
        "variables": arithmetic_variables(),
    }
