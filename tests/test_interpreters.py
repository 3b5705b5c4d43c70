"""Workers in somebody else's Python: what travels, what is found, and what is said of it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy
import pytest

from optimizer_conformance.adapters import packing, protocol
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.cli.adapter import command as checked
from optimizer_conformance.reports import diff, model
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers import companions, environments, installation, interpreters
from optimizer_conformance.workers.interpreters import Wish
from optimizer_conformance.workers.process import Worker, command_for
from optimizer_conformance.workers.pythons import NoInterpreter

TENSOR = protocol.Tensor("float32", (2,), b"\0\0\x80?\0\0\0\0")
MESSAGES = [
    protocol.Hello(),
    protocol.Open(
        "torch:Adam", "cpu", [protocol.Parameter("w", TENSOR, "strided", 1)], {"epsilon": 1e-8}
    ),
    protocol.SetState(3, {"second_moment": [TENSOR]}, 70000),
    protocol.Step(1, [[TENSOR] * 20] * 2),
    protocol.GetState(-1),
    protocol.Probe("x" * 300),
    protocol.Close(1 << 40),
]
REPLIES = [
    protocol.Description(
        "a",
        1,
        {"torch": "2.13.0", "ß": "…"},
        {"cpu": "host"},
        [protocol.Implementation("a:b", "adam", [], [[]], [], ["float32"], ["cpu"], [])],
    ),
    protocol.Description(
        "target",
        1,
        {"numpy": "2"},
        {},
        [],
        target=protocol.TargetSignature("function", {"decay": "rho"}, {}, ["rho is …"]),
    ),
    protocol.Opened(200),
    protocol.Stepped([protocol.Observation([TENSOR], {}, [TENSOR])]),
    protocol.State({}),
    protocol.Probed({"a": 1.5, "b": True, "c": "text", "d": None, "e": 1}),
    protocol.Done(),
    protocol.Failure("error", "ValueError", "y" * 70000),
]


@pytest.fixture(scope="module")
def carried():
    """The protocol as a worker has it where there is no msgspec."""
    module = SimpleNamespace()
    source = Path(protocol.__file__).read_text(encoding="utf-8")
    names = {"__name__": "carried_protocol"}
    sys.modules["carried_protocol"] = module
    source = source.replace("import msgspec\n", "import OWN as msgspec\n")
    module.__dict__.update(names)
    exec(compile(source, protocol.__file__, "exec"), module.__dict__)
    yield module
    del sys.modules["carried_protocol"]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda item: type(item).__name__)
def test_a_worker_without_msgspec_reads_what_the_driver_writes(message, carried):
    body = protocol.encode(message)
    read = carried.decode_request(body)
    assert carried.encode(read) == body
    assert protocol.decode_request(carried.encode(read)) == message


@pytest.mark.parametrize("message", REPLIES, ids=lambda item: type(item).__name__)
def test_the_driver_reads_what_a_worker_without_msgspec_writes(message, carried):
    own = carried.decode_reply(protocol.encode(message))
    assert protocol.decode_reply(carried.encode(own)) == message


@pytest.mark.parametrize(
    "value",
    [0, -1, -32, -33, -129, -40000, 2**31, -(2**40), 127, 128, 255, 256, 2**16, 2**32, 2**63,
     0.0, -0.0, float("inf"), 5e-324, None, True, "", "a" * 31, "a" * 32, b"", b"x" * 70000,
     [], list(range(20)), {}, {str(n): n for n in range(20)}],
    ids=repr,
)  # fmt: skip
def test_values_are_packed_as_msgspec_packs_them(value):
    assert packing.packed(value) == msgspec.msgpack.encode(value)
    assert packing.unpacked(packing.packed(value)) == value


@pytest.mark.parametrize(
    "body",
    [b"", b"\x93\x01", b"\xc1", b"\x80", msgspec.msgpack.encode({"verb": "fly"}),
     msgspec.msgpack.encode({"verb": "probe"}),
     msgspec.msgpack.encode({"verb": "step", "session": "1", "gradients": []}),
     protocol.encode(protocol.Hello()) + b"\0"],
    ids=repr,
)  # fmt: skip
def test_what_is_no_request_is_refused_without_msgspec_too(body, carried):
    with pytest.raises(protocol.UNREADABLE):
        protocol.decode_request(body)
    with pytest.raises(carried.UNREADABLE):
        carried.decode_request(body)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A Python with NumPy and nothing else."""
    folder = tmp_path_factory.mktemp("foreign") / "env"
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    installed = Path(numpy.__file__).parents[1]
    for place in installed.glob("numpy*"):
        (site / place.name).symlink_to(place)
    return folder


def test_a_worker_runs_where_nothing_but_numpy_is(foreign):
    found = interpreters.ask(interpreters.find(foreign))
    assert "msgspec" not in dict(found.packages)
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    with Worker(command_for("numpy", found.path)) as worker:
        assert worker.hello().versions == {"numpy": numpy.__version__}


def test_the_same_cells_come_of_the_tools_own_environment_and_of_another(foreign, tmp_path):
    selection = Selection(
        adapters=("numpy",), implementations=("numpy:*",), dtypes=("float32",),
        modes=("origin",), profile="quick",
    )  # fmt: skip
    command = {"numpy": command_for("numpy", sys.executable)}
    conduct(selection, tmp_path / "own", commands=command)
    with interpreters.standing_in(interpreters.ask(interpreters.find(foreign))):
        conduct(selection, tmp_path / "other")
    found = diff.compare(model.load(tmp_path / "own"), model.load(tmp_path / "other"))
    assert len(found.cells) > 0
    assert set(found.cells.status) == {"unchanged"}
    about = json.loads((tmp_path / "other" / "adapters.json").read_text())["numpy"]
    assert about["packages"]["numpy"] == numpy.__version__
    assert about["packages"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_what_an_interpreter_lacks_is_said_and_never_installed(foreign):
    with interpreters.within(foreign):
        place = environments.locate("torch")
        assert not place.complete
        assert place.remedy == ""  # nothing there is ours to make again
        assert place.absence.endswith("has no torch")
        with pytest.raises(environments.EnvironmentFailure, match="has no torch"):
            environments.create("torch")
    assert (foreign / "bin" / "python").exists()
    assert environments.locate("torch") != place


def test_an_adapter_is_served_where_its_framework_is(foreign):
    found = interpreters.ask(interpreters.find(foreign))
    assert "numpy" in found.serves
    assert not {"torch", "timm", "cupy", "jax", "octave"} & set(found.serves)
    assert interpreters.frameworks("timm") == {"timm", "torch"}
    assert interpreters.frameworks("cupy") == {"cupy"}
    assert interpreters.frameworks("octave") == set()


def test_a_module_of_ones_own_is_checked_in_the_interpreter_that_is_named(foreign, tmp_path):
    (tmp_path / "mine.py").write_text("from optimizer_conformance.adapters.numpy import *\n")
    with interpreters.within(foreign):
        assert checked([str(tmp_path / "mine.py")])[0] == str(foreign / "bin" / "python")
    assert checked([str(tmp_path / "mine.py")])[0] == sys.executable


@pytest.mark.parametrize("name", ["nonsense", "/etc/passwd", "/bin/true"])
def test_what_is_no_interpreter_is_refused_in_one_line(name):
    with pytest.raises(NoInterpreter, match=f"--python {name}"):
        interpreters.ask(interpreters.find(name))


def test_an_environment_on_the_spot_is_named_by_what_is_in_a_folder(tmp_path):
    base = interpreters.ask(interpreters.find(sys.executable))
    package = tmp_path / "checkout"
    package.mkdir()
    (package / "module.py").write_text("one = 1\n")
    wish = Wish(requirements=(str(package), "optax==0.2.8"), pre=True)
    first = wish.recipe(base)
    assert first.pins == ("--pre", str(package), "optax==0.2.8", "numpy")
    assert wish.recipe(base) == first
    (package / "module.py").write_text("one = 2\n")
    assert wish.recipe(base).name != first.name


def test_the_command_line_takes_an_interpreter(foreign):
    def said(*words):
        return subprocess.run(
            [sys.executable, "-c", "from optimizer_conformance.cli import main; main()", *words],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = said("doctor", "numpy", "--python", str(foreign), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["adapters"][0]["versions"]["numpy"] == numpy.__version__
    assert said("doctor", "numpy", "--python", "nonsense").returncode == 2
    assert said("doctor", "numpy", "--pre").returncode == 2
    lacking = said("doctor", "timm", "--python", str(foreign))
    assert lacking.returncode == 3
    assert f"timm: {foreign}/bin/python has no timm, torch" in " ".join(lacking.stdout.split())


def test_of_what_pip_says_the_reason_is_told():
    said = (
        "ERROR: Cannot install a==9.\nERROR: ResolutionImpossible: for help visit https://pip\n\n"
    )
    assert installation.last_words(said) == "ERROR: Cannot install a==9."
    assert installation.last_words("") == "it said nothing"


def test_a_build_without_a_version_is_named_by_its_files(tmp_path, monkeypatch):
    from importlib.metadata import PackageNotFoundError

    from optimizer_conformance.adapters import kit

    (tmp_path / "made_here").mkdir()
    source = tmp_path / "made_here" / "__init__.py"
    source.write_text("rate = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import made_here

    first = kit.version("made-here")
    assert first.startswith("0+")
    source.write_text("rate = 2\n")
    assert kit.version("made-here") != first
    monkeypatch.setattr(made_here, "__version__", "3.1.dev0", raising=False)
    assert kit.version("made-here") == "3.1.dev0"
    with pytest.raises(PackageNotFoundError):
        kit.version("not-there")


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        (["torch==1.12.1"], ("numpy<2",)),
        (["torch==2.2.2+cpu"], ("numpy<2",)),
        (["/some/torch-2.2.0a0+git1-cp311-cp311-linux_x86_64.whl"], ("numpy<2",)),
        (["torch==2.3.0"], ("numpy",)),
        (["torch"], ("numpy",)),
        (["optax==0.2.3", "/some/checkout"], ("numpy",)),
        (["tensorflow_cpu==2.4.4"], ("protobuf<3.20", "numpy<1.24")),
        (["tensorflow-cpu==2.10.1"], ("numpy<1.24",)),
    ],
)
def test_what_old_releases_need_and_do_not_say_is_installed_beside_them(requirements, expected):
    assert companions.beside(requirements) == expected


ADAPTERS = sorted(Path(protocol.__file__).parent.rglob("*.py"))


def newer(source):
    """What Python 3.8 has not and the syntax does not show: dictionaries joined with a bar, …"""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        said = f"line {getattr(node, 'lineno', 0)}: "
        match node:
            case ast.AugAssign(op=ast.BitOr(), value=value) if dictionary(value):
                yield said + ast.unparse(node)[:60]
            case ast.BinOp(op=ast.BitOr(), left=left, right=right) if dictionary(left, right):
                yield said + ast.unparse(node)[:60]
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.BinOp()]):
                yield said + ast.unparse(node)
            case ast.Attribute(attr="removeprefix" | "removesuffix"):
                yield said + node.attr
            case ast.ImportFrom(module="functools", names=[ast.alias(name="cache")]):
                yield said + "functools.cache"


def dictionary(*sides):
    """Whether one is written as a dictionary."""
    return any(isinstance(n, ast.Dict | ast.DictComp) for side in sides for n in ast.walk(side))


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_what_runs_in_old_pythons_uses_nothing_that_they_lack(path):
    assert list(newer(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    ["a |= {1: 2}", "a = b | {1: 2}", "a = b.removesuffix(c)", "from functools import cache",
     "a |= {n: 1 for n in b} if c else {}", "isinstance(a, int | float)"],
)  # fmt: skip
def test_what_they_lack_is_found(line):
    assert list(newer(line))
