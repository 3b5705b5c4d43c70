"""Operators of PyTorch are audited as they are called, and a kernel in C++ by its arrays."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

from optimizer_conformance import audit
from optimizer_conformance.workers import environments

PAGE = Path(__file__).parents[1] / "docs" / "tutorials" / "kernel.md"
QUICK = {"python": "torch", "dtypes": ("float32",), "defaults": False, "profile": "quick"}


@pytest.mark.adapter("torch")
def test_a_foreach_function_is_called_by_the_names_of_its_arguments():
    found = audit("torch.optim.adam:_multi_tensor_adam", "torch-adam", kind="ops", **QUICK)
    assert found.kind == "ops"
    assert found.conforms, str(found)


@pytest.mark.adapter("torch")
def test_a_fused_operator_is_audited_as_it_is_called():
    found = audit("torch:ops.aten._fused_adamw_", "torch-adamw", **QUICK)
    assert found.kind == "ops"
    assert "torch-adamw" in found.nearest
    assert "strided" in " ".join(found.why)  # as docs/findings has it of torch:Adam[fused]


def blocks(language):
    """The code of the page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


# Half a minute: the headers of LibTorch are long.
@pytest.mark.long
@pytest.mark.adapter("torch")
def test_the_tutorials_kernel_is_compiled_told_and_mended(tmp_path):
    (source,), (program,) = blocks("cpp"), blocks("python")
    python = environments.locate("torch").python
    torch = next(Path(python).parents[1].glob("lib/python3*/site-packages/torch"))
    wrong, right = re.findall(r"\n *(P\[i\] = .*)", source)[::-1]
    answers = []
    for name, text in (("wrong", source), ("right", source.replace(wrong, right))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "adamw.cpp").write_text(text)
        (folder / "test_adamw.py").write_text(program)
        words = ["g++", "-O1", "-std=c++20", "-shared", "-fPIC", "adamw.cpp", "-o", "adamw.so"]
        places = [f"-I{torch}/include", f"-L{torch}/lib", "-ltorch", "-ltorch_cpu", "-lc10"]
        subprocess.run([*words, *places, f"-Wl,-rpath,{torch}/lib"], cwd=folder, check=True)
        start = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})"
        call = "import test_adamw; test_adamw.test_my_adamw()"
        done = subprocess.run(
            [str(python), "-c", f"{start}; {call}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        answers.append(done)
    assert "the last 3 of 1,003 elements alone: epsilon is inside the root" in answers[0].stderr
    assert answers[1].returncode == 0, answers[1].stderr
