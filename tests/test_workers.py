"""Calls in processes: what comes back, what of those that die, and what the processes leave to the first one."""

import os
import signal
import threading
import time

import pytest
from joblib import parallel_config

from toybox.workers import Died, each

DIE = "__import__('os').kill(__import__('os').getpid(), 9)"


PROCESSES = {"here": (1, False), "one beside this": (1, True), "two": (2, False)}


@pytest.mark.parametrize("many", PROCESSES)
def test_every_case_comes_back_once(many):
    assert dict(each(divmod, [(i, 3) for i in range(9)], *PROCESSES[many])) == {i: divmod(i, 3) for i in range(9)}
    places = {place for _, place in each(eval, [("__import__('os').getpid()",)] * 9, *PROCESSES[many])}
    assert (os.getpid() in places) == (many == "here")
    assert len(places) <= PROCESSES[many][0]


@pytest.mark.parametrize("many", PROCESSES)
def test_an_error_is_raised_here(many):
    with pytest.raises(ZeroDivisionError):
        list(each(divmod, [(1, 1), (1, 0)], *PROCESSES[many]))


@pytest.mark.parametrize("many", ["one beside this", "two"])
@pytest.mark.parametrize("deadly", [(0,), (5,), (0, 1, 2, 3), tuple(range(12))])
def test_only_what_dies_is_lost(deadly, many):
    found = dict(each(eval, [(DIE if i in deadly else str(i),) for i in range(12)], *PROCESSES[many]))
    assert set(found) == set(range(12))
    assert [number for number, answer in sorted(found.items()) if isinstance(answer, Died)] == list(deadly)
    assert all(found[i] == i for i in range(12) if i not in deadly)


def test_workers_leave_an_interrupt_to_the_first_process():
    before = signal.getsignal(signal.SIGINT)
    assert {handler for _, handler in each(signal.getsignal, [(signal.SIGINT,)] * 4, 2)} == {signal.SIG_IGN}
    assert {handler for _, handler in each(signal.getsignal, [(signal.SIGINT,)] * 4, 1)} == {before}
    assert signal.getsignal(signal.SIGINT) is before


def test_threads_take_turns():
    """Where joblib is told to use threads, the calls of one process never overlap."""
    inside = []

    def look(_):
        inside.append(threading.get_ident())
        time.sleep(0.02)
        return inside.pop() == threading.get_ident() and not inside

    with parallel_config(backend="threading"):
        assert all(alone for _, alone in each(look, [(i,) for i in range(12)], 4))


def test_a_call_may_make_calls():
    calls = lambda n: sorted(each(divmod, [(i, 2) for i in range(n)], 1))
    assert dict(each(calls, [(2,), (1,)], 1)) == {0: [(0, (0, 0)), (1, (0, 1))], 1: [(0, (0, 0))]}
