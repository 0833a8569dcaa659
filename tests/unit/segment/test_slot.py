import threading
import time

import pytest

from core.segment.slot import FairSlot


def test_one_thread_at_a_time_is_inside():
    slot, inside, most = FairSlot(), [], []

    def work():
        for _ in range(50):
            with slot():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert set(most) == {1}


def test_a_click_goes_between_two_frames_of_a_propagation():
    slot, order = FairSlot(), []
    started = threading.Event()

    def propagation():
        for k in range(6):
            with slot():
                started.set()
                order.append(f"frame {k}")
                if k == 1:  # leave only when the click stands in the queue
                    while not slot.waiting:
                        time.sleep(0.001)

    thread = threading.Thread(target=propagation)
    thread.start()
    started.wait()
    while len(order) < 2:
        time.sleep(0.001)
    with slot():
        order.append("click")
    thread.join()
    assert order == ["frame 0", "frame 1", "click", "frame 2", "frame 3", "frame 4", "frame 5"]


def test_those_who_wait_enter_in_the_order_of_arrival():
    slot, order = FairSlot(), []

    def visit(name):
        with slot():
            order.append(name)

    threads = [threading.Thread(target=visit, args=(k,)) for k in range(5)]
    with slot():
        for k, thread in enumerate(threads):
            thread.start()
            while slot.waiting <= k:
                time.sleep(0.001)
    [t.join() for t in threads]
    assert order == [0, 1, 2, 3, 4]


def test_the_thread_inside_may_enter_again():
    slot = FairSlot()
    with slot(), slot():
        pass
    with slot():
        assert slot.waiting == 0


def test_an_error_inside_frees_the_slot():
    slot = FairSlot()
    with pytest.raises(ZeroDivisionError), slot():
        raise ZeroDivisionError
    entered = []
    thread = threading.Thread(target=lambda: entered.append(slot().__enter__()))
    thread.start()
    thread.join(timeout=5)
    assert entered == [None]
