"""``conformance run``."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from optimizer_conformance.adapters.protocol import ITEM_SIZE
from optimizer_conformance.cases.case import MODES, PROFILES, Case, parse
from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.cli.console import (
    UsageError,
    console,
    errors,
    print_json,
)
from optimizer_conformance.cli.interpreting import interpreting
from optimizer_conformance.cli.names import known_adapters
from optimizer_conformance.cli.progress import Bars, before
from optimizer_conformance.expectations.ledger import FOLDER
from optimizer_conformance.questions import attempted, stated
from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import exported, model, terminal
from optimizer_conformance.runs.cluster import Cluster
from optimizer_conformance.runs.merge import merge as joined
from optimizer_conformance.runs.outcome import Outcome
from optimizer_conformance.runs.reader import finished_groups, provenance_of
from optimizer_conformance.runs.request import request_of
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.runs.schedule import Shard
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.process import MEMORY_LIMIT

Many = list[str] | None
GIBIBYTE = 1 << 30


def option(*names: str, help: str) -> typer.models.OptionInfo:  # noqa: A002 - typer's own word
    """A typer option that may stand beside its default."""
    info: typer.models.OptionInfo = typer.Option(*names, help=help)
    return info


@interpreting
def run(
    adapter: Annotated[
        Many, option("--adapter", "-a", help="only this adapter, or a module FILE.py")
    ] = None,
    implementation: Annotated[
        Many, option("--implementation", "-i", help="glob, such as 'torch:RMSprop*'")
    ] = None,
    variant: Annotated[
        Many, option("--variant", "-v", help="judge against these only: glob, such as 'keras*'")
    ] = None,
    dtype: Annotated[Many, option("--dtype", help="such as float32, float64, complex64")] = None,
    device: Annotated[Many, option("--device", help="glob, such as 'cuda:*'")] = None,
    mode: Annotated[Many, option("--mode", help="what a case does: " + ", ".join(MODES))] = None,
    case: Annotated[
        Many, option("--case", help="run this case again, as a report prints it")
    ] = None,
    profile: Annotated[str, option("--profile", help="quick, default or full")] = "default",
    seed: Annotated[int, option("--seed", help="of the cases; the default is fixed")] = 0,
    out: Annotated[
        Path | None, option("--out", "-o", help="run folder; default runs/<time>")
    ] = None,
    require: Annotated[
        Many, option("--require", help="exit 3 unless this adapter runs on some device")
    ] = None,
    expectations: Annotated[
        Path, option("--expectations", help="folder of the files of known deviations")
    ] = FOLDER,
    jobs: Annotated[
        int, option("--jobs", "-j", help="workers at a time; 0: what cores and memory allow")
    ] = 0,
    memory: Annotated[float, option("--memory", help="GiB that one worker may hold")] = MEMORY_LIMIT
    / GIBIBYTE,
    shard: Annotated[
        str, option("--shard", help="only part i of n, such as 1/4; `conformance merge` joins them")
    ] = "1/1",
    resume: Annotated[
        Path | None, option("--resume", help="go on with this run, which was interrupted")
    ] = None,
    reuse: Annotated[
        list[Path] | None,
        option("--reuse", help="take over what is unchanged since this run"),
    ] = None,
    ray: Annotated[
        str | None, option("--ray", help="run on this Ray cluster, such as auto or 10.0.0.1:6379")
    ] = None,
    place: Annotated[
        Many, option("--place", help="what an adapter's node needs, such as torch=GPU:1")
    ] = None,
    as_json: Annotated[bool, option("--json", help="print JSON instead of tables")] = False,
) -> None:
    """Compare implementations with the reference, element by element.

    Options may be repeated. Everything is kept in the run folder; `conformance report` shows it
    again. Ctrl-C and SIGTERM keep what is done.

    [bold]Examples[/]

      conformance run --profile quick

      conformance run --adapter torch --variant 'keras*'

      conformance run -i 'tensorflow:keras.*' --dtype float32 --json

      conformance run --python .venv/bin/python --device 'cuda:*'

      conformance run --adapter mine.py --profile quick

      conformance run --adapter torch --with torch==2.11.0

      conformance run --resume runs/20261120T190000.000
    """
    check_amounts(jobs, memory)
    if resume:
        only_with(resume, locals())
        with connected(ray, place) as cluster:
            go_on(resume, jobs, memory, expectations, cluster, as_json)
    named = known_adapters([*(adapter or ()), *(require or ())] if adapter else ())
    here = interpreters.current()
    if here and ray is not None:
        raise UsageError("--python and --with are of this machine: nodes of --ray have their own")
    selection = Selection(
        adapters=interpreters.served(named, here),
        implementations=tuple(implementation or ()),
        variants=known_globs(variant, "variant", tuple(VARIANTS)),
        dtypes=known_globs(dtype, "dtype", tuple(ITEM_SIZE)),
        devices=tuple(device or ()),
        modes=known_globs(mode, "mode", tuple(MODES)),
        cases=tuple(parsed(text) for text in case or ()),
        profile=known_profile(profile),
        seed=seed,
    )
    required = known_adapters(require or ())
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    folder = out or Path("runs") / stamp
    starting = 0 if as_json else before(selection, folder)
    with Bars(quiet=as_json, adapters=starting) as bars, connected(ray, place) as cluster:
        outcome = conduct(
            selection,
            folder,
            requested=known_adapters(adapter or ()),
            required=required,
            jobs=jobs,
            listener=bars,
            expected=known_folder(expectations),
            shard=parsed_shard(shard),
            memory=int(memory * GIBIBYTE),
            reused=[group for earlier in reuse or () for group in finished_groups(earlier)],
            cluster=cluster,
        )
    ending(outcome, as_json)


def go_on(
    folder: Path,
    jobs: int,
    memory: float,
    expectations: Path,
    cluster: Cluster | None,
    as_json: bool,
) -> NoReturn:
    """``--resume``: what is finished is not run again."""
    provenance = provenance_of(folder)
    if (folder / "footer.json").exists():
        raise UsageError(f"{folder} is complete; `conformance report {folder}` shows it")
    order = request_of(folder, provenance)
    place = provenance.interpreter
    here = interpreters.ask(Path(place)) if place and not interpreters.current() else None
    with Bars(quiet=as_json) as bars, interpreters.standing_in(here):
        outcome = conduct(
            order.selection,
            folder,
            requested=order.requested,
            required=order.required,
            jobs=jobs,
            listener=bars,
            expected=known_folder(expectations),
            shard=order.shard,
            memory=int(memory * GIBIBYTE),
            resume=True,
            cluster=cluster,
        )
    ending(outcome, as_json)


def merge(
    shards: Annotated[list[Path], typer.Argument(help="run folders of all shards, in any order")],
    out: Annotated[Path, typer.Option("--out", "-o", help="run folder to make")],
    expectations: Annotated[
        Path, option("--expectations", help="folder of the files of known deviations")
    ] = FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
) -> None:
    """Join the shards of one run, and judge the whole.

    [bold]Examples[/]

      conformance run --shard 1/2 --out first

      conformance run --shard 2/2 --out second

      conformance merge first second --out whole
    """
    ending(joined(shards, out, known_folder(expectations)), as_json)


def ending(outcome: Outcome, as_json: bool) -> NoReturn:
    """Show what a run came to, and exit as it says."""
    data = model.load(outcome.folder, incomplete=True)
    if not outcome.exit_code and selection_empty(data):
        raise UsageError(f"nothing was selected: {unfit(data)}")
    if as_json:
        print_json(reporting_content(data, outcome))
    else:
        rules, tried = stated.rules_of(data), attempted.lines(data)
        terminal.show(data, console, rules=rules, tried=tried)
        closing(outcome, data)
    raise typer.Exit(outcome.exit_code)


def check_amounts(jobs: int, memory: float) -> None:
    """Whether --jobs and --memory can be meant."""
    if jobs < 0:
        raise UsageError(f"--jobs {jobs} is no number of workers; 0 takes what the machine allows")
    if not 0 < memory < 1 << 20:
        raise UsageError(f"--memory {memory:g} is no amount of memory; give GiB, such as 4")


def only_with(folder: Path, given: dict[str, object]) -> None:
    """A resumed run keeps the selection that it was begun with."""
    fixed = {"profile": "default", "seed": 0, "shard": "1/1"}
    free = ("resume", "jobs", "memory", "expectations", "ray", "place", "as_json")
    for name, value in given.items():
        if name not in free and value != fixed.get(name):
            raise UsageError(
                f"--{name} cannot stand beside --resume: {folder} keeps what it was begun with"
            )


def connected(address: str | None, places: Many) -> AbstractContextManager[Cluster | None]:
    """The Ray cluster, or nothing."""
    if address is None:
        if places:
            raise UsageError(
                "--place says where agents go on a cluster; give --ray ADDRESS as well"
            )
        return nullcontext()
    return Cluster(address, dict(parsed_place(text) for text in places or ()))


def parsed_place(text: str) -> tuple[str, dict[str, float]]:
    """``ADAPTER=RESOURCE:AMOUNT``, more resources after commas."""
    adapter, _, wanted = text.partition("=")
    try:
        pairs = [pair.rpartition(":") for pair in wanted.split(",")]
        resources = {name.strip(): float(amount) for name, _, amount in pairs}
    except ValueError:
        resources = {}
    if not resources or not all(resources) or not all(0 < n < 1e6 for n in resources.values()):
        raise UsageError(f"{text!r} is no place; give ADAPTER=RESOURCE:AMOUNT, such as torch=GPU:1")
    return known_adapters([adapter])[0], resources


def parsed_shard(text: str) -> Shard:
    """``i/n`` with i from 1 to n."""
    first, _, last = text.partition("/")
    if first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last):
        return Shard(int(first), int(last))
    raise UsageError(f"{text!r} is no shard; give i/n with i from 1 to n, such as 1/4")


def unfit(data: model.RunData) -> str:
    """What no implementation fits, and what was perhaps meant."""
    known = [
        item.name
        for about in data.adapters.values()
        if about.description
        for item in about.description.implementations
    ]
    for pattern in data.provenance.selection.implementations:
        if not any(wanted(name, (pattern,)) for name in known):
            return f"no implementation fits {pattern!r}{nearest.implementations(pattern, known)}"
    return "no implementation fits these filters; see `conformance list`"


def selection_empty(data: model.RunData) -> bool:
    """Whether filters left nothing although adapters could run."""
    ready = [about for about in data.adapters.values() if about.devices]
    return data.cells.empty and bool(ready)


def reporting_content(data: model.RunData, outcome: Outcome) -> dict[str, object]:
    """What --json prints."""
    return {
        "exit_code": outcome.exit_code,
        "folder": str(outcome.folder),
        "missing": outcome.missing,
        "stale": outcome.stale,
        **exported.content(data, attempted.content(data)),
    }


def known_globs(given: Many, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns of which each must fit something."""
    for pattern in given or ():
        if not any(wanted(name, (pattern,)) for name in known):
            raise UsageError(f"no {what} fits {pattern!r}{suggestion(pattern, known)}")
    return tuple(given or ())


def known_folder(folder: Path) -> Path:
    """A folder that exists: in one that does not, every deviation would be unexpected."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; --expectations takes one with a file an adapter")
    return folder


def known_profile(name: str) -> str:
    """The name of a profile that exists."""
    if name not in PROFILES:
        raise UsageError(f"unknown profile {name!r}{suggestion(name, PROFILES)}")
    return name


def parsed(text: str) -> Case:
    """The case of an identifier; what is wrong with it is a usage error."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def closing(outcome: Outcome, data: model.RunData) -> None:
    """The last lines: each departure from what is expected, or that there is none."""
    terminal.findings(outcome.findings, errors)
    if outcome.exit_code == 0:
        known = int((data.cells.expectation != "").sum()) if len(data.cells) else 0
        console.print(
            f"[green]As expected[/]{f': {known} deviating cells are known' * bool(known)}"
        )
