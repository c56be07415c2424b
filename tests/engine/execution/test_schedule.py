"""Pieces are handed out in file order, round by round, and everyone stops at the first failure."""

from __future__ import annotations

import threading

import pytest

from engine.errors import Cancelled
from engine.execution.schedule import Schedule, ScheduleSettings, TensorTask
from engine.planning.needs import Needs
from engine.planning.work import TensorWork


def make_task(name: str, entries: int = 20, *, rounds: int = 1, kept_bytes: int = 0) -> TensorTask:
    """Return a task with pieces of 10 entries."""
    return TensorTask(TensorWork(name, entries, Needs((), (), rounds), ()), 0, 10, kept_bytes)


class Rounds:
    """Give every tensor the rounds that its work asks for, each over all pieces unless told otherwise."""

    def __init__(self, finished=lambda task, number: None, visits=lambda task, number: range(task.pieces)):
        self.numbers = {}
        self._finished = finished
        self._visits = visits

    def __call__(self, task):
        number = self.numbers.get(task, -1)
        if number >= 0:
            self._finished(task, number)
        self.numbers[task] = number + 1
        return self._visits(task, number + 1) if number + 1 < task.work.needs.rounds else ()


def make_schedule(tasks, *, window=4, kept_bytes=0, rounds=None, stops=lambda: False) -> Schedule:
    return Schedule(tasks, ScheduleSettings(window, kept_bytes, rounds or Rounds(), stops))


def work_through(schedule: Schedule, rounds: Rounds) -> list[tuple[str, int, int]]:
    """Do all that is to do as the only worker; return (tensor, round, piece) in order."""
    order = []
    while taken := schedule.take():
        task, number = taken
        order.append((task.work.tensor, rounds.numbers[task], number))
        schedule.done(task)
    return order


@pytest.mark.parametrize(("entries", "pieces"), [(0, [(0, 0)]), (1, [(0, 1)]), (10, [(0, 10)]), (25, [(0, 10), (10, 10), (20, 5)])])
def test_pieces_cover_every_entry_once(entries, pieces):
    task = make_task("a", entries)
    assert [task.piece(number) for number in range(task.pieces)] == pieces


def test_tensors_come_in_file_order_and_each_in_the_order_of_its_pieces():
    rounds = Rounds()
    order = work_through(make_schedule([make_task("a", 25), make_task("b", 0), make_task("c")], rounds=rounds), rounds)
    assert order == [("a", 0, 0), ("a", 0, 1), ("a", 0, 2), ("b", 0, 0), ("c", 0, 0), ("c", 0, 1)]


def test_a_round_begins_when_all_pieces_of_the_one_before_are_done():
    finished = []
    rounds = Rounds(lambda task, number: finished.append(number))
    schedule = make_schedule([make_task("a", rounds=3)], rounds=rounds)
    assert work_through(schedule, rounds) == [("a", number, piece) for number in range(3) for piece in range(2)]
    assert finished == [0, 1, 2]


def test_a_round_visits_only_the_pieces_that_it_asks_for():
    rounds = Rounds(visits=lambda task, number: range(task.pieces) if number or task.pieces < 4 else [1, 3])
    schedule = make_schedule([make_task("a", 40, rounds=2), make_task("b", 10)], rounds=rounds)
    assert work_through(schedule, rounds) == [("a", 0, 1), ("a", 0, 3), *(("a", 1, piece) for piece in range(4)), ("b", 0, 0)]


def test_while_a_round_is_not_over_the_next_tensor_is_begun():
    rounds = Rounds()
    schedule = make_schedule([make_task("a", rounds=2), make_task("b")], rounds=rounds)
    first = [schedule.take() for _ in range(3)]
    assert [(task.work.tensor, number) for task, number in first] == [("a", 0), ("a", 1), ("b", 0)]
    schedule.done(first[0][0])
    schedule.done(first[0][0])
    task, number = schedule.take()
    assert (task.work.tensor, rounds.numbers[task], number) == ("a", 1, 0)


def test_no_more_tensors_are_open_than_the_window_has_room_for():
    schedule = make_schedule([make_task(name, 10) for name in "abc"], window=2)
    first, second = schedule.take(), schedule.take()
    found = []
    waiting = threading.Thread(target=lambda: found.append(schedule.take()))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    assert not found
    schedule.done(first[0])
    waiting.join()
    assert [task.work.tensor for task, _ in (first, second, *found)] == ["a", "b", "c"]


def test_the_round_is_finished_by_the_worker_that_did_its_last_piece_and_before_the_next_begins():
    by = []
    rounds = Rounds(lambda task, number: by.append(threading.current_thread().name))
    schedule = make_schedule([make_task("a", rounds=2)], rounds=rounds)
    (task, _), _ = schedule.take(), schedule.take()
    schedule.done(task)
    assert by == []
    last = threading.Thread(target=schedule.done, args=(task,), name="the last")
    last.start()
    last.join()
    assert by == ["the last"]
    assert rounds.numbers[task] == 1


def test_operands_are_kept_while_there_is_room_and_the_room_is_given_back():
    tasks = [make_task("a", rounds=2, kept_bytes=60), make_task("b", rounds=2, kept_bytes=60), make_task("c", rounds=2, kept_bytes=60)]
    schedule = make_schedule(tasks, window=2, kept_bytes=100)
    taken = [schedule.take() for _ in range(4)]
    assert tasks[0].kept == {}
    assert tasks[1].kept is None  # 60 + 60 would be too much
    for task, _ in taken[:2]:
        schedule.done(task)
    for _ in range(2):
        task, _ = schedule.take()
        assert task is tasks[0]
        assert task.kept == {}
        schedule.done(task)
    assert tasks[0].kept is None
    assert schedule.take()[0] is tasks[2]
    assert tasks[2].kept == {}


def test_what_is_streamed_once_keeps_nothing():
    task = make_task("a", rounds=1, kept_bytes=1)
    make_schedule([task], kept_bytes=100).take()
    assert task.kept is None


def test_the_first_failure_counts_and_nobody_gets_more_work():
    schedule = make_schedule([make_task("a"), make_task("b")])
    schedule.take()
    first = ValueError("first")
    schedule.fail(first)
    schedule.fail(ValueError("second"))
    assert schedule.failure is first
    assert schedule.take() is None


def test_those_who_wait_are_woken_by_a_failure():
    schedule = make_schedule([make_task("a", 10), make_task("b", 10)], window=1)
    schedule.take()
    found = []
    waiting = threading.Thread(target=lambda: found.append(schedule.take()))
    waiting.start()
    schedule.fail(RuntimeError("none"))
    waiting.join()
    assert found == [None]


def test_a_stop_ends_the_work_between_two_pieces():
    asked = iter([False, True])
    schedule = make_schedule([make_task("a")], stops=lambda: next(asked))
    assert schedule.take() is not None
    assert schedule.take() is None
    assert isinstance(schedule.failure, Cancelled)


def test_many_workers_do_every_piece_once():
    tasks = [make_task(str(number), entries=number % 7 * 10, rounds=1 + number % 3) for number in range(60)]
    rounds, done = Rounds(), []
    schedule = make_schedule(tasks, window=6, rounds=rounds)

    def work() -> None:
        while taken := schedule.take():
            task, number = taken
            done.append((task.work.tensor, rounds.numbers[task], number))
            schedule.done(task)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert schedule.failure is None
    wanted = [(task.work.tensor, turn, piece) for task in tasks for turn in range(task.work.needs.rounds) for piece in range(task.pieces)]
    assert sorted(done) == sorted(wanted)


def test_nothing_to_do_is_over_at_once():
    schedule = make_schedule([])
    assert schedule.take() is None
    assert schedule.failure is None
