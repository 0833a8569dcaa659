"""Where the GPU is lent for one call: nothing but what is pickled goes in and comes out."""

import os
import pickle
import sys
from types import SimpleNamespace

import pytest

from app import gpu
from core import registry
from core.segment.protocol import Click, Prompts
from core.segment.slot import compute_slot


def lend(duration):
    """As `spaces.GPU` on ZeroGPU: the call runs in a forked process."""

    def wrap(call):
        def run(*given):
            reading, writing = os.pipe()
            if not (child := os.fork()):
                try:
                    name, *values = pickle.loads(pickle.dumps(given))
                    answer = pickle.dumps((True, call(name, *values)))
                except BaseException as error:
                    answer = pickle.dumps((False, repr(error)))
                with os.fdopen(writing, "wb") as out:
                    out.write(answer)
                os._exit(0)
            os.close(writing)
            with os.fdopen(reading, "rb") as source:
                done, answer = pickle.loads(source.read())
            os.waitpid(child, 0)
            assert done, answer
            return answer

        return run

    return wrap


class Sees:
    """Looks at the frame: its mask is where that is bright, so that a wrong frame would be seen."""

    name = "sees"
    calls = 0

    def segment(self, clip, index, prompts, *, previous=None):
        from core.masks import Mask
        from core.segment.protocol import Prediction

        Sees.calls += 1
        with compute_slot():
            return Prediction(Mask.encode(clip.frame(index)[..., 0] > 128), 0.5)

    def propagate(self, clip, seeds, indices, *, barriers=()):
        from core.masks import FrameMask

        for index in indices:
            yield {key: FrameMask(index, self.segment(clip, index, None).mask, 1.0) for key in seeds}


@pytest.fixture
def zero(monkeypatch):
    for known in (gpu._lent, gpu._calls):
        known.cache_clear()
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lend))
    monkeypatch.setattr(registry, "segmenter", lambda name="auto": Sees())
    yield
    for known in (gpu._lent, gpu._calls):
        known.cache_clear()


# T50
def test_call_stands_for_itself_and_answers_what_the_plain_segmenter_does(zero, clip):
    lent, plain = gpu.segmenter(), Sees()
    prompts = Prompts((Click(3, 3),))
    clip.frame(3)  # the decoder before the fork stands somewhere
    with compute_slot():  # and somebody computes
        found = [lent.segment(clip, index, prompts) for index in (7, 2)]
    before = Sees.calls
    assert [lent.segment(clip, 5, prompts)] == [plain.segment(clip, 5, prompts)]
    assert found == [plain.segment(clip, index, prompts) for index in (7, 2)]
    assert Sees.calls == before + 3  # those of the children are not seen here


# T50
def test_propagation_goes_on_over_several_calls(zero, clip, monkeypatch):
    monkeypatch.setattr(gpu, "AT_ONCE", 5)
    seed = Sees().segment(clip, 0, None).mask
    answers = list(gpu.segmenter().propagate(clip, {4: {0: seed}}, range(1, 12)))
    assert [answer[4].index for answer in answers] == list(range(1, 12))
    assert answers == list(Sees().propagate(clip, {4: {0: seed}}, range(1, 12)))


def test_calls_are_known_before_the_server_starts_whatever_the_segmenter(zero, monkeypatch):
    known = []
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lambda duration: known.append))
    monkeypatch.setattr(Sees, "name", "classical")
    gpu.prepare()
    assert known == [gpu._segment, gpu._carry]
    monkeypatch.delenv("SPACES_ZERO_GPU")
    gpu._calls.cache_clear()
    gpu.prepare()
    assert len(known) == 2


def test_elsewhere_and_for_what_computes_on_the_processor_nothing_is_wrapped(zero, monkeypatch):
    assert isinstance(gpu.segmenter(), gpu.Lent)
    monkeypatch.setattr(Sees, "name", "classical")
    assert isinstance(gpu.segmenter(), Sees)
    monkeypatch.setattr(Sees, "name", "sees")
    monkeypatch.delenv("SPACES_ZERO_GPU")
    assert isinstance(gpu.segmenter(), Sees)
