"""AURORA as a system: it writes its chain of thought, a sentence at a time, and then the mask."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.masks import FrameMask, Mask, Track, from_logits
from core.media import Clip
from core.systems.aurora.chain import WAIT, ChainError, read_answer
from core.systems.aurora.network import AuroraForReferringSegmentation
from core.systems.aurora.senses import BaseSenses, NanoSenses, Senses
from core.systems.aurora.tokens import OmniWords
from core.systems.aurora.writing import Begun
from core.systems.baselines import one_a_second
from core.systems.blocks.saved import saved_network
from core.systems.protocol import Found, Referral, Step, StepKind

NOWHERE = -10.0  # logit of a place where nothing is
EVERYTHING = "The sounding object."  # what is asked where there is no expression


@dataclass(frozen=True)
class Answer:
    """What the language model made of a window. prompt: [1, prompt], None = null. why: of a null answer."""

    text: str
    category: str | None
    prompt: Tensor | None
    why: str


class AuroraNano:
    """Implements System. weights: a folder saved by `refavs train aurora`, of either config; None = what ships."""

    name = "aurora-nano"
    reasons = True

    def __init__(self, weights: Path | None = None) -> None:
        with as_file(files("assets") / "weights" / "aurora-nano") as shipped:
            self._senses = senses(weights or shipped)
        self._network, self._words = self._senses.network, self._senses.words

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """One frame a second is answered, in windows of ten seconds, each with a chain of its own; in a window
        whose chain says that nothing fits the object is absent. Raises RefavsError for a sentence of which
        nothing can be read.
        """
        indices = one_a_second(clip)
        steps: list[Step] = []
        answers: list[Answer] = []
        planes: list[np.ndarray] = []
        for window in self._senses.windows(clip, expression or EVERYTHING):
            share = (window.start / len(indices), (window.start + len(window.indices)) / len(indices))
            chain = self._chain(window.prefix, window.start, share)
            while not isinstance(item := next(chain), Answer):
                steps.append(item)
                yield item
            answers.append(item)
            planes.extend(self._planes(item, window.eyes))
        objects, masks = self._found(clip, indices, planes, answers)
        for i, mask in masks.items():
            yield FrameMask(i, mask, objects[0].score[i])
        why = "; ".join(dict.fromkeys(answer.why for answer in answers if answer.why))
        words = "This is the object." if objects else why or "The mask is empty."
        if objects and objects[0].category:
            words = f"This is the {objects[0].category}."
        steps.append(Step("answer", words, {"answers": [answer.text for answer in answers]}, 1.0))
        yield steps[-1]
        yield Referral(indices, objects, np.stack(planes).astype(np.float16), tuple(steps))

    @torch.inference_mode()
    def _chain(self, prefix: Begun, start: int, share: tuple[float, float]) -> Iterator[Step | Answer]:
        """Its sentences as they are written, then the answer. share: of the whole work, begin and end."""
        network, config = self._network, self._network.config
        writing = network.write(prefix, config.think if self.reasons else config.direct)
        sentence: list[int] = []
        for count, token in enumerate(writing, 1):
            sentence.append(int(token))
            text = self._words.text(sentence)
            if text.endswith("."):
                progress = share[0] + (share[1] - share[0]) * min(count / 60, 1.0) * 0.9
                yield Step(_kind(text), text, {"from_s": start}, progress)
                sentence = []
        yield self._answer(writing.done().tokens, prefix)

    def _answer(self, tokens: Tensor, prefix: Begun) -> Answer:
        """The last answer in the tokens int64 [1, L], and the prompt of the last [SEG]."""
        network, config = self._network, self._network.config
        text = self._words.text(tokens[0].tolist())
        ended = bool((tokens == config.end).any())
        cut = "" if ended else f"The chain was stopped at {config.chain_length} tokens. "
        try:
            category, known = read_answer(text), True
        except ChainError:
            category, known = None, False
        if known and category is None:
            return Answer(text, None, None, f"{cut}Nothing in the clip fits the sentence.")
        if not bool((tokens == config.seg).any()):
            return Answer(text, None, None, f"{cut}The chain has no [SEG], so it points at nothing.")
        hidden = network.think(prefix, tokens)
        prompt, _ = network.pointed(hidden, tokens)
        return Answer(text, category, prompt, "")

    @torch.inference_mode()
    def _planes(self, answer: Answer, eyes: tuple[Tensor, ...]) -> np.ndarray:
        """Mask logits float32 [S, h, w]."""
        if answer.prompt is None:
            return np.full((eyes[0].shape[1], *self._network.plane(eyes)), NOWHERE, np.float32)
        return self._network.segment(answer.prompt, eyes)[0].cpu().numpy()

    def _found(
        self, clip: Clip, indices: tuple[int, ...], planes: list[np.ndarray], answers: list[Answer]
    ) -> tuple[tuple[Found, ...], dict[int, Mask]]:
        """() where every window is null."""
        if all(answer.prompt is None for answer in answers):
            return (), {}
        masks = {i: from_logits(plane, clip.size) for i, plane in zip(indices, planes, strict=True)}
        scores = {i: _sure(plane) for i, plane in zip(indices, planes, strict=True) if (plane > 0).any()}
        category = next((a.category for a in answers if a.category), None)
        return (Found(Track(clip.size, masks), category, scores),), masks


class AuroraNanoDirect(AuroraNano):
    """Answers at once, without writing a chain: `--no-reasoning`."""

    name = "aurora-nano-direct"
    reasons = False


def senses(folder: Path) -> Senses:
    """What answers with the weights saved in `folder`, of either size. Raises RefavsError when it cannot be used."""
    try:
        kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        kind = None
    if kind != "refavs-aurora-base":
        return NanoSenses(load(folder), folder)
    from core.systems.aurora.base import AuroraBase  # its parts take seconds to import

    network = AuroraBase.from_pretrained(folder).eval().requires_grad_(False)
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    return BaseSenses(network, OmniWords(network.reader.words, network.config))


def load(folder: Path) -> AuroraForReferringSegmentation:
    """The network saved in `folder`, ready to answer. Raises RefavsError when it cannot be used."""
    return saved_network(folder, AuroraForReferringSegmentation, name="an AURORA", command="aurora")


def _kind(sentence: str) -> StepKind:
    kinds: dict[str, StepKind] = {"from left": "look", "the sound": "listen", "the sentence": "read"}
    if sentence.lower() == WAIT.lower():
        return "reflect"
    return next((kind for begin, kind in kinds.items() if sentence.lower().startswith(begin)), "match")


def _sure(plane: np.ndarray) -> float:
    """0 to 1: how sure the places are that are said to be the object; there are some."""
    return float((1 / (1 + np.exp(-plane[plane > 0]))).mean())
