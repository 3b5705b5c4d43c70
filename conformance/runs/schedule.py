"""The schedule: adapters and their groups given to agents, as many at a time as there are seats.

Each seat (a thread) takes an adapter that nobody has started, and its groups one by one.  When no
adapter is left to start, a free seat helps where most remains, if that is worth another start.
Results are put together in the order of the plan, so they are the same whatever the seats.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.reports.records import (
    Closed,
    Described,
    Finished,
    Outline,
    Record,
)
from optimizer_conformance.runs.events import Events
from optimizer_conformance.runs.journal import Journal
from optimizer_conformance.runs.work import (
    MOST_SEATS,
    Agent,
    AgentLost,
    KeptRows,
    Phase,
    Result,
    Work,
    in_order,
)
from optimizer_conformance.workers.process import Stopped, WorkerError

AGENTS_LOST = 5  # of one adapter without a group finished in between; then it is given up
WORTH = 2.0  # starts: a seat helps where more than this many times a start remains


@dataclass(frozen=True)
class Shard:
    """Part ``index`` of ``count``: of each adapter every ``count``-th group."""

    index: int = 1
    count: int = 1

    def holds(self, place: int) -> bool:
        """Whether the group at this place of the plan belongs to it."""
        return place % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


class Listener:
    """Hears how a run goes; the CLI draws bars from it.  Calls come from several threads."""

    def progress(self, adapter: str, done: int, total: int, what: str) -> None:
        """``done`` of ``total`` cases are finished; ``what`` is running now."""

    def finished(self, result: Result) -> None:
        """One adapter is done."""


@dataclass
class Schedule:
    """Carries works out; whatever is finished is in the journal before it counts.

    known   finished groups by adapter and key, of this run before it was interrupted or of earlier
            ones; taken instead of running them
    ended   called with the result of each adapter as soon as it is done
    """

    works: list[Work]
    seats: int
    journal: Journal
    events: Events
    listener: Listener
    stop: threading.Event
    ended: Callable[[Result], None]
    shard: Shard = field(default_factory=Shard)
    known: dict[tuple[str, str], Finished] = field(default_factory=dict)
    recalled: set[tuple[str, str]] = field(default_factory=set, init=False)
    changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    error: BaseException | None = field(default=None, init=False)

    def recall(self, records: Iterable[Record]) -> None:
        """Take up what the journal of an interrupted run holds."""
        works = {work.adapter: work for work in self.works}
        for record in records:
            work = works.get(record.adapter)
            if isinstance(record, Finished):
                self.known[record.adapter, record.key] = record
                self.recalled.add((record.adapter, record.key))
            elif isinstance(record, Described) and work:
                work.described = record
            elif isinstance(record, Closed) and work and work.described:
                work.phase = Phase.closed
                for index, outline in enumerate(work.described.outlines):
                    found = self.known.get((work.adapter, outline.key))
                    if found is not None and self.shard.holds(index):
                        work.finished[index] = found

    def run(self) -> tuple[list[Result], bool]:
        """Every adapter's result, and whether it was interrupted."""
        results = [self._end(work) for work in self.works if work.phase is Phase.closed]
        threads = [
            threading.Thread(target=self._seat, args=(results,), name=f"seat {number}")
            for number in range(min(self.seats, MOST_SEATS))
        ]
        interrupted = False
        for thread in threads:
            thread.start()
        while alive := [thread for thread in threads if thread.is_alive()]:
            try:
                alive[0].join(0.1)
            except KeyboardInterrupt:
                interrupted = True
                self._halt()
        if self.error:
            raise self.error
        order = [work.adapter for work in self.works]
        return sorted(results, key=lambda result: order.index(result.adapter)), interrupted

    def _halt(self) -> None:
        self.stop.set()
        with self.changed:
            self.changed.notify_all()

    def _seat(self, results: list[Result]) -> None:
        """Serve until nothing is left that is worth an agent."""
        try:
            while (work := self._next()) is not None:
                try:
                    self._serve(work)
                finally:
                    ended = self._leave(work)
                if ended:
                    results.append(self._end(work))
        except BaseException as error:  # noqa: BLE001 - the main thread raises it again
            self.error = self.error or error
            self._halt()

    def _next(self) -> Work | None:
        """The work that a free seat should serve; waits while that may still change."""
        with self.changed:
            while not self.stop.is_set():
                for work in self.works:
                    if work.phase is Phase.waiting:
                        work.phase = Phase.starting
                        work.agents += 1
                        return work
                open_ = [work for work in self.works if work.phase is not Phase.closed]
                orphans = [work for work in open_ if work.pending and not work.agents]
                most = max(orphans or open_, key=Work.remaining, default=None)
                if most and self._helpful(most):
                    most.agents += 1
                    return most
                if all(work.over for work in open_):
                    return None
                self.changed.wait(1.0)
            return None

    def _helpful(self, work: Work) -> bool:
        """Whether one more agent is worth its start."""
        if not work.pending or not work.described:
            return False
        return work.agents == 0 or work.remaining() > WORTH * work.described.seconds

    def _serve(self, work: Work) -> None:
        """One agent for one work, until nothing is pending."""
        here = [-1]

        def progress(done: int, what: str) -> None:
            with self.changed:
                work.running[here[0]] = done
                if work.described:
                    self.listener.progress(
                        work.adapter, work.done + sum(work.running.values()), work.total, what
                    )

        agent = work.make(progress)
        helps = work.phase is Phase.planned
        try:
            started = time.monotonic()
            self.events.say("worker started", adapter=work.adapter)
            description = agent.start()
            self._planned(work, description, agent.plan(), time.monotonic() - started)
            while (index := self._take(work)) is not None:
                here[0] = index
                self._carry(work, agent, index)
        except Stopped:
            self.events.say("worker stopped", adapter=work.adapter)
        except AgentLost as error:
            self.events.say("agent lost", adapter=work.adapter, why=str(error))
            with self.changed:
                work.lost += 1
                if work.lost >= AGENTS_LOST:
                    work.failure = f"{work.lost} agents were lost one after another: {error}"
        except WorkerError as error:
            with self.changed:
                lonely = helps and here[0] < 0 and work.agents > 1
                what = "helper failed" if lonely else "adapter failed"
                self.events.say(what, adapter=work.adapter, why=str(error))
                work.most_agents = 1
                work.failure = "" if lonely else str(error)
        finally:
            with self.changed:
                work.waited += agent.waited
            agent.close()

    def _planned(
        self, work: Work, description: Description, outlines: list[Outline], seconds: float
    ) -> None:
        """The first agent's plan is the adapter's; every other one must have the same."""
        with self.changed:
            if work.phase is Phase.planned:
                assert work.described is not None
                before = [(item.implementation, item.device, item.features, item.cases)
                          for item in work.described.outlines]  # fmt: skip
                now = [(item.implementation, item.device, item.features, item.cases)
                       for item in outlines]  # fmt: skip
                if before != now or work.described.description.versions != description.versions:
                    raise WorkerError(
                        "error",
                        "two workers of this adapter differ in versions or implementations: give "
                        "every node the same environment",
                    )
                return
            work.described = Described(work.adapter, description, outlines, seconds)
            self.journal.append(work.described)
            for index, outline in enumerate(outlines):
                if not self.shard.holds(index):
                    continue
                found = self.known.get((work.adapter, outline.key))
                if found is None:
                    work.pending.append(index)
                else:
                    if (work.adapter, outline.key) not in self.recalled:
                        self.journal.append(found)
                        work.reused += 1
                    work.finished[index] = found
                    work.done += outline.cases
            if any(device != "cpu" for device in description.devices) and not work.elsewhere:
                work.most_agents = 1
            work.phase = Phase.planned
            self.changed.notify_all()
            self.listener.progress(work.adapter, work.done, work.total, "")

    def _take(self, work: Work) -> int | None:
        with self.changed:
            if self.stop.is_set() or not work.pending or work.failure:
                return None
            index = work.pending.popleft()
            work.running[index] = 0
            return index

    def _carry(self, work: Work, agent: Agent, index: int) -> None:
        """One group: in the journal when it is finished, pending again when its agent is lost."""
        assert work.described is not None
        outline = work.described.outlines[index]
        started = time.monotonic()
        try:
            carried = agent.carry(index, outline.key)
        except AgentLost:
            with self.changed:
                del work.running[index]
                work.pending.appendleft(index)
            raise
        for case in carried.finished.retried:
            self.events.say("case retried", adapter=work.adapter, group=outline.name, case=case)
        if carried.whole:
            self.journal.append(carried.finished)
            self.events.say(
                "group finished",
                adapter=work.adapter,
                group=outline.name,
                seconds=round(carried.finished.seconds, 3),
            )
        with self.changed:
            work.running.pop(index, None)
            work.done += outline.cases
            if carried.whole:
                work.finished[index] = carried.finished
                work.lost = 0
            else:
                work.partial[index] = carried.finished
                work.pending.clear()
            work.spent += time.monotonic() - started
            work.carried += outline.cases
            now = work.done + sum(work.running.values())
            self.listener.progress(work.adapter, now, work.total, "")
            self.changed.notify_all()

    def _leave(self, work: Work) -> bool:
        """An agent has gone; whether that was the adapter's last."""
        with self.changed:
            work.agents -= 1
            if work.failure:
                work.pending.clear()
                work.phase = Phase.planned
            elif work.phase is Phase.starting and not self.stop.is_set():
                work.phase = Phase.waiting
            last = work.over or (self.stop.is_set() and not work.agents)
            if last:
                work.phase = Phase.closed
            self.changed.notify_all()
            return last

    def _end(self, work: Work) -> Result:
        """The adapter's rows, in the order of the plan."""
        result = Result(work.adapter, failure=work.failure, seconds_waited=work.waited)
        result.reused = work.reused
        if work.described:
            result.description = work.described.description
            result.outlines = work.described.outlines
        for index, found in in_order(work):
            result.cells += found.cells
            result.elements += found.elements
            result.retried += found.retried
            result.kept[index] = KeptRows(
                len(found.cells), len(found.elements), index in work.finished, found.rule
            )
        held = [index for index in range(len(result.outlines)) if self.shard.holds(index)]
        result.complete = not work.failure and all(index in work.finished for index in held)
        result.complete = result.complete and work.described is not None
        if result.complete and not self.stop.is_set():
            self.journal.append(Closed(work.adapter))
        with self.changed:
            self.ended(result)
            self.listener.finished(result)
        return result
