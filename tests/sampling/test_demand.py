"""Running and waiting of all tasks of a container, of those that ended between two looks too."""

from __future__ import annotations

from bench.sampling import demand as module
from bench.sampling.demand import TaskTimes
from bench.sampling.exits import TaskExit
from bench.sampling.threads import ThreadReading

MS = 1_000_000
INIT = 100
STRANGER = 7


class Container:
    """The sums of a container whose tasks are looked at every 20 ms; times in milliseconds."""

    def __init__(self) -> None:
        self.times = TaskTimes()
        self.now_ns = 0
        self.has({})

    def has(self, tasks: dict[int, tuple[int, int]], *exits: TaskExit) -> tuple[int, int]:
        """Look at `tasks` (id: run and wait), then hear of `exits`; run and wait until now."""
        self.now_ns += 20 * MS
        changed = tuple(
            (b"%d" % task, b"%d %d 1" % (run * MS, wait * MS))
            for task, (run, wait) in tasks.items()
        )
        reading = ThreadReading(tuple(b"%d" % task for task in tasks), changed, None, None)
        self.times.add(self.now_ns, self.now_ns + MS, reading, exits)
        return self.sums()

    def hears(self, *exits: TaskExit) -> tuple[int, int]:
        """Hear of `exits` at a sample in which nobody looks; run and wait until now."""
        self.now_ns += 20 * MS
        self.times.add(self.now_ns, self.now_ns, None, exits)
        return self.sums()

    def sums(self) -> tuple[int, int]:
        return self.times.run_ns // MS, self.times.wait_ns // MS


def ended(task: int, run: int, wait: int, *, parent: int, process: int | None = None) -> TaskExit:
    return TaskExit(task, task if process is None else process, parent, run * MS, wait * MS)


def test_a_child_that_nobody_ever_saw_counts_by_its_report():
    container = Container()
    container.has({INIT: (1, 0)})
    assert container.has({INIT: (1, 0)}, ended(101, 2, 15, parent=INIT)) == (3, 15)


def test_a_task_that_was_seen_adds_only_what_came_after_the_last_look():
    container = Container()
    container.has({INIT: (1, 0), 101: (5, 3)})
    assert container.has({INIT: (1, 0)}, ended(101, 7, 9, parent=INIT)) == (8, 9)


def test_a_task_that_ended_after_a_look_is_not_counted_again_while_it_goes():
    container = Container()
    container.has({INIT: (1, 0), 101: (5, 3)}, ended(101, 7, 9, parent=INIT))
    assert container.has({INIT: (1, 0), 101: (8, 9)}) == (9, 9)
    assert container.has({INIT: (1, 0)}) == (9, 9)


def test_a_task_that_is_slow_to_end_is_listed_no_more_and_counts_once_all_the_same():
    """The kernel lists none that has begun to end, and on a busy host that takes a while."""
    container = Container()
    container.has({INIT: (1, 0), 101: (5, 900), 102: (5, 5)})
    for _ in range(100):
        container.has({INIT: (1, 0)})
    before = container.sums()
    container.has({INIT: (1, 0)}, ended(102, 5, 6, parent=101), ended(101, 6, 910, parent=STRANGER))
    assert container.sums() == (before[0] + 1, before[1] + 11)


def test_a_thread_that_ends_does_not_end_its_process():
    container = Container()
    container.has({INIT: (0, 0), 101: (5, 15)})
    container.has({INIT: (0, 0)}, ended(201, 1, 1, parent=INIT, process=101))
    container.has({INIT: (0, 0)})
    assert container.has({INIT: (0, 0)}, ended(101, 6, 16, parent=INIT)) == (7, 17)


def test_a_report_of_more_than_a_task_can_have_lived_here_is_not_believed():
    """As of one that came from another cgroup, or that another process of this number started."""
    container = Container()
    container.has({INIT: (0, 0)})
    run, wait = container.has({INIT: (0, 0)}, ended(101, 3_000, 53_000, parent=INIT))
    assert run + wait <= 21


def test_a_whole_tree_that_came_and_went_between_two_looks_counts():
    container = Container()
    container.has({INIT: (1, 0)})
    reports = (
        ended(103, 1, 1, parent=102),
        ended(102, 2, 2, parent=101),
        ended(101, 4, 4, parent=INIT),
    )
    assert container.has({INIT: (1, 0)}, *reports) == (8, 7)


def test_a_child_whose_parent_is_seen_only_later_counts_then():
    container = Container()
    container.has({INIT: (0, 0)})
    assert container.hears(ended(103, 1, 1, parent=102)) == (0, 0)
    assert container.has({INIT: (0, 0), 102: (2, 2)}) == (3, 3)


def test_a_child_whose_parent_is_heard_of_only_later_counts_then():
    container = Container()
    container.has({INIT: (0, 0)})
    container.hears(ended(103, 1, 1, parent=102), ended(102, 2, 2, parent=101))
    assert container.sums() == (0, 0)
    assert container.hears(ended(101, 4, 4, parent=INIT)) == (7, 7)


def test_threads_that_come_and_go_within_a_process_count():
    container = Container()
    container.has({INIT: (0, 0)})
    reports = [ended(200 + one, 1, 2, parent=1, process=INIT) for one in range(5)]
    assert container.has({INIT: (0, 0)}, *reports) == (5, 10)


def test_threads_of_a_process_that_is_heard_of_only_at_its_end_count():
    container = Container()
    container.has({INIT: (0, 0)})
    container.hears(ended(201, 1, 2, parent=300, process=200))
    assert container.hears(ended(200, 1, 1, parent=INIT), ended(300, 9, 9, parent=1)) == (2, 3)


def test_threads_of_a_process_that_is_seen_only_later_count():
    container = Container()
    container.has({INIT: (0, 0)})
    container.hears(ended(201, 1, 2, parent=300, process=200))
    assert container.has({INIT: (0, 0), 200: (1, 1)}) == (2, 3)


def test_a_kernel_that_does_not_name_the_process_tells_children_all_the_same():
    container = Container()
    container.has({INIT: (0, 0)})
    assert container.has({INIT: (0, 0)}, ended(101, 2, 3, parent=INIT, process=0)) == (2, 3)


def test_the_rest_of_the_host_is_not_the_container():
    container = Container()
    container.has({INIT: (1, 1)})
    reports = (ended(101, 9, 9, parent=STRANGER), ended(STRANGER, 9, 9, parent=1))
    assert container.has({INIT: (1, 1)}, *reports) == (1, 1)


def test_a_report_that_nobody_claims_is_not_kept_for_ever():
    container = Container()
    container.has({INIT: (0, 0)})
    for number in range(1000):
        container.hears(ended(2000 + number, 1, 1, parent=3000 + number))
    assert len(container.times._unclaimed) <= 2 * module._KEPT_NS / (20 * MS) + 1


def test_a_number_that_is_used_again_is_another_task():
    container = Container()
    container.has({INIT: (0, 0), 101: (5, 5)})
    assert container.has({INIT: (0, 0), 101: (2, 1)}) == (7, 6)
    container.has({INIT: (0, 0)})
    assert container.has({INIT: (0, 0), 101: (9, 9)}) == (16, 15)


def test_what_a_task_brings_along_from_another_cgroup_is_not_the_container_s():
    """It was not there 20 ms ago, so that it cannot have had minutes here."""
    container = Container()
    container.has({INIT: (0, 0)})
    run, wait = container.has({INIT: (0, 0), 101: (60_000, 30_000)})
    assert run + wait <= 21
    assert container.has({INIT: (0, 0), 101: (60_005, 30_000)}) == (run + 5, wait)


def test_at_the_end_of_the_container_its_last_tasks_count():
    container = Container()
    container.has({INIT: (5, 5), 101: (5, 5)})
    reports = (ended(102, 1, 1, parent=101), ended(101, 6, 6, parent=INIT))
    assert container.hears(*reports, ended(INIT, 8, 8, parent=STRANGER)) == (15, 15)


def test_every_task_that_ended_may_have_used_a_little_more_than_was_reported():
    container = Container()
    container.has({INIT: (1, 0)}, ended(101, 2, 2, parent=INIT), ended(900, 2, 2, parent=STRANGER))
    assert container.times.ending_ns == module._ENDING_NS


def test_nothing_of_a_task_is_kept_once_it_is_gone():
    container = Container()
    for number in range(1000, 3000, 2):
        reports = (ended(number - 2, 1, 1, parent=INIT), ended(number + 1, 1, 1, parent=INIT))
        container.has({INIT: (0, 0), number: (1, 1)}, *reports)
    assert len(container.times._seen) < 10
    assert len(container.times._ended) < 10
