"""A run on a Ray cluster of three nodes, of which one dies: ``nox -s cluster``.

The cluster is started here, on this machine's loopback interface alone.  What comes out has to
equal a run without a cluster, byte by byte.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import faults
from fakes import command
from ray.cluster_utils import Cluster as Nodes

from optimizer_conformance.runs.cluster import Cluster
from optimizer_conformance.runs.events import NAME as EVENTS
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers.process import MEMORY_LIMIT, command_for

TOP = Path(__file__).parents[1]
PLACES = {"fake": {"east": 0.1}}  # a label of our own, which two of the nodes have


def commands() -> dict[str, list[str]]:
    return {"fake": command("unhurried"), "numpy": command_for("numpy", sys.executable)}


def started() -> tuple[Nodes, list[object]]:
    """A head that runs nothing, and three nodes."""
    os.environ["PYTHONPATH"] = str(TOP)  # for the processes that Ray starts
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    return nodes, [
        nodes.add_node(num_cpus=1, resources={label: 1}) for label in ("east", "east", "west")
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as top:
        here, there = Path(top) / "here", Path(top) / "there"
        assert conduct(faults.SELECTION, here, commands=commands()).exit_code == 0
        nodes, members = started()
        try:
            with Cluster(nodes.address, PLACES) as cluster:
                events = there / EVENTS
                killed = threading.Event()

                def kill() -> None:
                    while faults.finished_groups(there) < 2:
                        time.sleep(0.02)
                    nodes.remove_node(members[0], allow_graceful=False)
                    killed.set()

                threading.Thread(target=kill, daemon=True).start()
                outcome = conduct(
                    faults.SELECTION,
                    there,
                    requested=faults.SELECTION.adapters,
                    commands=commands(),
                    memory=MEMORY_LIMIT,
                    cluster=cluster,
                )
            assert outcome.exit_code == 0, outcome
            assert killed.is_set(), "the run ended before a node could be killed"
            text = events.read_text()
            lost, agents = text.count('"agent lost"'), text.count('"worker started"')
            assert faults.tables(there) == faults.tables(here), "the runs differ"
            groups = faults.finished_groups(there)
            print(
                f"{agents} agents on three nodes, one node killed, {lost} agents lost with it; "
                f"{groups} groups, {faults.repeated(there, groups)} repeated: the run equals one "
                "without a cluster byte by byte"
            )
        finally:
            nodes.shutdown()


if __name__ == "__main__":
    main()
