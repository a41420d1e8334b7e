"""Time that the tasks of one container ran and waited for a core, summed over all of them.

Tasks that are there are looked at again and again; of those that end, the kernel's reports tell the
rest. The cgroup's own CPU time, less what is added up here, is that of tasks whose waiting is not
known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.sampling.exits import TaskExit
    from bench.sampling.threads import ThreadReading

_KEPT_NS = 2_000_000_000
"""For how long a report is kept whose parent may yet turn out to be the container's."""

_AWAITED_NS = 10_000_000_000
"""For how long the report of a task is waited for that is listed no more: the kernel lists none
that has begun to end, and on a busy host it may be a while until such a one gets to its report."""

_ENDING_NS = 10_000_000
"""Time that a task may run beyond its report: since the kernel last brought its time up to date, at
a tick of the scheduler or later, and from the report until it was gone."""


class TaskTimes:
    """The running sums of one container.

    Attributes:
        run_ns: on a core, as far as the kernel had it up to date.
        ending_ns: what tasks may have run beyond that before they had ended, at most.
        wait_ns: ready for a core, without one.
    """

    def __init__(self) -> None:
        self.run_ns = 0
        self.ending_ns = 0
        self.wait_ns = 0
        self._seen: dict[int, tuple[int, int]] = {}
        self._kept_until_ns: dict[int, int] = {}
        self._listed: set[int] = set()
        self._ended: set[int] = set()
        self._unclaimed: dict[int, list[tuple[int, int | None, TaskExit]]] = {}
        self._cleared_ns = 0
        self._read_ns: int | None = None

    def add(
        self, begin_ns: int, end_ns: int, reading: ThreadReading | None, exits: Sequence[TaskExit]
    ) -> None:
        """Take in a look at all tasks that are there, and then the reports of those that ended.

        Args:
            begin_ns: when the look began.
            end_ns: when it was over.
            reading: None where nothing was read, or the tasks have gone.
            exits: of the whole host, in the order in which they came.
        """
        listed = self._listed
        longest_ns = None if self._read_ns is None else end_ns - self._read_ns
        if reading is not None:
            listed, self._read_ns = set(map(int, reading.threads)), begin_ns
            for number in self._seen.keys() & listed - self._listed:
                del self._seen[number]  # it had gone: the task with its number now is another
            for name, schedstat in reading.changed:
                run_ns, wait_ns, *_ = map(int, schedstat.split())
                self._count(int(name), run_ns, wait_ns, longest_ns)
        own = listed | self._listed | self._ended | self._seen.keys()
        ended = self._add_exits(end_ns, longest_ns, own, exits)
        ended |= self._claim(end_ns, [*(listed - self._listed), *ended])
        if reading is None:
            self._ended |= ended
            return
        self._forget(end_ns, listed)
        self._listed, self._ended = listed, ended

    def _forget(self, now_ns: int, listed: set[int]) -> None:
        """Drop what is known of tasks that have gone and were reported, or never will be."""
        for number in self._seen.keys() - listed:
            if now_ns > self._kept_until_ns.setdefault(number, now_ns + _AWAITED_NS):
                del self._seen[number], self._kept_until_ns[number]
        for number in self._kept_until_ns.keys() & listed:
            del self._kept_until_ns[number]

    def _add_exits(
        self, at_ns: int, longest_ns: int | None, own: set[int], exits: Sequence[TaskExit]
    ) -> set[int]:
        """Count those of the container, and return their numbers.

        They are of tasks that were seen in it, of its processes, and of their children. A child
        ends before its parent as a rule, so that the latest report is looked at first, and one
        whose parent is not known is kept for a while.
        """
        ended: set[int] = set()
        for task_exit in reversed(exits):
            if own.isdisjoint((task_exit.task, task_exit.process, task_exit.parent)):
                above = (
                    task_exit.parent
                    if task_exit.process in (0, task_exit.task)
                    else task_exit.process
                )
                self._unclaimed.setdefault(above, []).append((at_ns, longest_ns, task_exit))
            else:
                ended |= self._count_exit(at_ns, longest_ns, task_exit)
                own |= ended
        if at_ns - self._cleared_ns > _KEPT_NS:
            self._cleared_ns = at_ns
            for above, kept in list(self._unclaimed.items()):
                if at_ns - kept[-1][0] > _KEPT_NS:
                    del self._unclaimed[above]
        return ended

    def _claim(self, at_ns: int, known: list[int]) -> set[int]:
        """Count what ended below these, while they were not yet known to be the container's."""
        ended: set[int] = set()
        while known:
            for _, longest_ns, task_exit in self._unclaimed.pop(known.pop(), ()):
                numbers = self._count_exit(at_ns, longest_ns, task_exit)
                known += numbers
                ended |= numbers
        return ended

    def _count_exit(self, at_ns: int, longest_ns: int | None, task_exit: TaskExit) -> set[int]:
        self.ending_ns += _ENDING_NS
        self._kept_until_ns[task_exit.task] = at_ns
        self._count(task_exit.task, task_exit.run_ns, task_exit.wait_ns, longest_ns)
        return {task_exit.task, task_exit.process} - {0}

    def _count(self, number: int, run_ns: int, wait_ns: int, longest_ns: int | None) -> None:
        """Add what a task has run and waited since it was last seen.

        One that has less than before is another of the same number. One that was not there at the
        last look has lived `longest_ns` here at most: what it has beyond that it brought along
        from another cgroup.
        """
        before = self._seen.get(number)
        self._seen[number] = (run_ns, wait_ns)
        if before is not None and before[0] <= run_ns and before[1] <= wait_ns:
            self.run_ns += run_ns - before[0]
            self.wait_ns += wait_ns - before[1]
            return
        total_ns = run_ns + wait_ns
        if longest_ns is not None and total_ns > longest_ns:
            run_ns = run_ns * longest_ns // total_ns
            wait_ns = wait_ns * longest_ns // total_ns
        self.run_ns += run_ns
        self.wait_ns += wait_ns
