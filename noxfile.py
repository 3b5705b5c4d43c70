"""Sessions: conformance (and one an adapter), tests, lint, types.

Environments are made with venv and pip, so that locally provided wheels are found.
"""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "types", "tests", "conformance"]
nox.options.reuse_existing_virtualenvs = True

# What is there is enrolled, as in conformance/workers/enrolment.py: nox's interpreter lacks that.
FOLDER = Path(__file__).parent / "adapters"
MODULES = {path.stem for path in FOLDER.glob("*.py")}
ADAPTERS = sorted(
    ({path.stem for path in FOLDER.glob("requirements/*.txt")} & MODULES)
    | {path.parent.name for path in FOLDER.glob("*/worker.toml")}
)


# What stands beside the folder `conformance` and is installed below its name.
BELOW = ("reference", "adapters", "reports")

# Made for whoever names none: 6 GB.  `conformance env create` makes the others too, 22 GB in all.
USUAL = ("numpy", "torch", "jax", "tensorflow", "mindspore", "cupy")


def chosen(arguments: list[str]) -> list[str]:
    """The adapters that ``--adapter``/``-a`` names."""
    named = [value for name, value in pairwise(arguments) if name in ("--adapter", "-a")]
    named += [word.partition("=")[2] for word in arguments if word.startswith("--adapter=")]
    return [name for name in named if name in ADAPTERS]


CONSTRAINTS = "constraints.txt"


def own(session: nox.Session, what: str) -> None:
    """Install this project with the versions that it was last tried with."""
    session.install("-e", what, "-c", CONSTRAINTS)


@nox.session
def newest(session: nox.Session) -> None:
    """Try the newest release of everything that this tool itself needs; then write it down."""
    session.install("--upgrade", "--upgrade-strategy", "eager", "-e", ".[dev,docs,examples]")
    session.run("conformance", "env", "create", "numpy", "torch")
    session.run("pytest", "-n", "2", *session.posargs)
    listing = ("python", "-m", "pip", "freeze", "--all", "--exclude-editable", "--exclude", "pip")
    frozen = session.run(*listing, silent=True)
    path = Path(CONSTRAINTS)
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    pins = [line for line in str(frozen).splitlines() if "==" in line and " " not in line]
    path.write_text("\n".join([*head, *pins]) + "\n")


@nox.session
def conformance(session: nox.Session) -> None:
    """Make the usual environments, compare whatever has one: -- passes options on to `run`."""
    own(session, ".")
    session.run("conformance", "env", "create", *(chosen(session.posargs) or USUAL))
    session.run("conformance", "run", *session.posargs)


def run_one(session: nox.Session, adapter: str) -> None:
    """Make one adapter's environment and run it."""
    own(session, ".")
    session.run("conformance", "env", "create", adapter)
    session.run("conformance", "run", "--adapter", adapter, *session.posargs)


def define(adapter: str) -> None:
    """``nox -s conformance-torch`` and its like."""

    @nox.session(name=f"conformance-{adapter}")
    def one(session: nox.Session) -> None:
        run_one(session, adapter)

    one.__doc__ = f"Only {adapter}."


for _adapter in ADAPTERS:
    define(_adapter)


@nox.session
def power(session: nox.Session) -> None:
    """Mutants and legal rewritings through the real verdicts, and other suites' tolerances."""
    own(session, ".")
    session.run("conformance", "power", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """What the tool's own work costs, as ratios to what is measured beside."""
    own(session, ".[sweep]")
    session.run("conformance", "env", "create", "numpy", "torch", "jax")
    session.run("conformance", "bench", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite; tests marked with an adapter need its environment, which is made here."""
    own(session, ".[dev]")
    session.run("conformance", "env", "create", "numpy", "torch")
    session.run("pytest", "-n", "2", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Kill workers, drivers and pip, fill disks, spoil frames and files; the figures are printed.

    ``-- 1`` draws other faults than ``-- 0``.
    """
    own(session, ".[dev]")
    (seed,) = session.posargs or ["0"]
    for script in ("faults", "makings", "lines"):
        session.run("python", f"tests/{script}.py", "--seed", seed)
    session.run("pytest", "-s", "-m", "faults", env={"FAULTS_SEED": seed})


@nox.session
def long(session: nox.Session) -> None:
    """What takes longer than a change should wait for: causes, MATLAB's calls, built examples."""
    own(session, ".[dev]")
    session.run("conformance", "env", "create", "numpy", "torch")
    session.run("pytest", "-m", "long", *session.posargs)


@nox.session
def install(session: nox.Session) -> None:
    """Install the wheel beside the distribution `adapters`, in either order, and use both."""
    own(session, ".[dev]")
    session.run("pytest", "-m", "install", *session.posargs)


@nox.session
def cluster(session: nox.Session) -> None:
    """A run on three local Ray nodes, of which one dies."""
    own(session, ".[dev,ray]")
    session.run("python", "tests/cluster.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Format and lint."""
    own(session, ".[dev]")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types."""
    own(session, ".[dev]")
    link_packages(Path("build/types/optimizer_conformance"))
    session.run("mypy")


def link_packages(folder: Path) -> None:
    """The folders as they are when installed: mypy runs no import hook of an editable install."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    here = Path(__file__).parent
    for place in (*(here / "conformance").iterdir(), *map(here.joinpath, BELOW)):
        (folder / place.name).symlink_to(place)


@nox.session
def browser(session: nox.Session) -> None:
    """The report and the documentation in a real Chromium, and what axe-core finds (with npm).

    ``-- quick`` is the part for every change, a minute; ``nox -s docs`` builds the documentation.
    """
    own(session, ".[dev]")
    session.install("playwright")
    given = list(session.posargs)
    if quick := given == ["quick"]:
        given = ["tests/test_web.py", "-k", IN_A_MINUTE]
    axe = Path("build/axe/node_modules/axe-core/axe.min.js").absolute()
    if not quick and shutil.which("npm"):
        session.run("npm", "install", "--prefix", "build/axe", "axe-core@4", external=True)
    session.run("pytest", "-m", "browser", *given, env={"AXE": str(axe)} if axe.is_file() else {})


# Each page on a phone, the walks by keyboard, tables, copying, and some hostile names.
IN_A_MINUTE = "phone or keyboard or arrows or long_table or copied or theme_changes or [11]"


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site into build/site; -- serve shows it while you write."""
    own(session, ".[docs]")
    session.env["NO_MKDOCS_2_WARNING"] = "1"
    if session.posargs == ["serve"]:
        session.run("mkdocs", "serve")
        return
    session.run("mkdocs", "build", "--quiet")
    session.run("python", "-m", "optimizer_conformance.site.hosts", "build/site")


@nox.session
def verify(session: nox.Session) -> None:
    """Make the environments and decide every claim of the documents: -- passes options on."""
    own(session, ".[examples]")
    session.run("conformance", "env", "create")
    session.run("conformance", "verify", *session.posargs)
