"""Text cues as the paper gets them: a captioner from the hub says what is seen, a language model what of it may sound.

Neither the paper's models nor its prompt are published; the models here are public ones, the prompt is ours.
"""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import RefavsError
from core.media import Clip
from core.segment.checkpoints import Checkpoint, fetch
from core.segment.sam2_network import picture_tensor
from core.segment.slot import compute_slot
from core.systems.baselines import one_a_second
from core.systems.protocol import Step
from core.systems.segpref.config import CUES
from core.systems.segpref.describe import Description

_WORDS = ("tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "generation_config.json")
CAPTIONER = Checkpoint(
    "captioner",
    "Salesforce/blip-image-captioning-base",
    "BlipForConditionalGeneration",
    "",
    ("blip",),
    990,
    "BSD-3-Clause",
    colours=((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    more=_WORDS,
)
REASONER = Checkpoint(
    "reasoner",
    "Qwen/Qwen2.5-1.5B-Instruct",
    "AutoModelForCausalLM",
    "",
    ("qwen2",),
    3090,
    "Apache-2.0",
    more=_WORDS,
)
CAPTION, ANSWER = 30, 400  # tokens at most
PROMPT = """These sentences describe pictures of one video, one second after the other:
{captions}

Which things that are seen could be making a sound? Think step by step:
1. List everything in the sentences that can make a sound at all: people, animals, instruments, vehicles, devices.
2. For each, say what it must be doing to sound, and whether the sentences say so, allow it, or rule it out. A guitar whose strings \
nobody touches is silent; somebody who drinks does not sing.
3. Keep what may be sounding, leave out the rest.
End with one line of at most {most} single common names, the likeliest first, or the word none:
Sounding: name, name"""


class HubDescriber:
    """Called with a clip, as `describe.CueDescriber`. folders: of captioner and reasoner; None = the hub's."""

    name = "hub"

    def __init__(self, captioner: Path | None = None, reasoner: Path | None = None) -> None:
        self._captioner, self._spell = _load(CAPTIONER, captioner)
        self._reasoner, self._talk = _load(REASONER, reasoner)

    def __call__(self, clip: Clip) -> Generator[Step, None, Description]:
        """Yields a step for what was seen and one for what was thought.

        Raises RefavsError when the language model's answer has no line of names.
        """
        indices = one_a_second(clip)
        captions = []
        for number, index in enumerate(indices):
            captions.append(self.caption(clip.frame(index)))
            yield Step("look", "", {}, 0.39 * (number + 1) / len(indices))
        words = " ".join(dict.fromkeys(captions))
        yield Step("look", f"Saw: {words}", {"captions": captions}, 0.4)
        thought = self.think(captions)
        cues = names_in(thought)
        yield Step("listen", f"Thought: {thought}", {"cues": list(cues)}, 0.8)
        return Description(words, cues, cues)

    @torch.inference_mode()
    def caption(self, picture: np.ndarray) -> str:
        """A sentence for a picture, uint8 [H, W, 3] RGB."""
        side = self._captioner.config.vision_config.image_size
        pixels = picture_tensor(picture, side, CAPTIONER.colours)
        with compute_slot():
            ids = self._captioner.generate(pixel_values=pixels, max_new_tokens=CAPTION)
        return str(self._spell.decode(ids[0], skip_special_tokens=True)).strip().capitalize() + "."

    @torch.inference_mode()
    def think(self, captions: list[str]) -> str:
        """The language model's answer to PROMPT; always the same for the same captions."""
        lines = "\n".join(f"- {caption}" for caption in dict.fromkeys(captions))
        asked = [{"role": "user", "content": PROMPT.format(captions=lines, most=CUES)}]
        told = self._talk.apply_chat_template(
            asked, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        ids: Tensor = told["input_ids"]
        with compute_slot():
            found = self._reasoner.generate(**told, max_new_tokens=ANSWER, do_sample=False)
        return str(self._talk.decode(found[0, ids.shape[1] :], skip_special_tokens=True)).strip()


def names_in(answer: str) -> tuple[str, ...]:
    """The names of the last line "Sounding: ...", in lower case, at most CUES. Raises RefavsError without one."""
    lines = re.findall(r"^\W*sounding\W*:(.*)$", answer, re.IGNORECASE | re.MULTILINE)
    if not lines:
        raise RefavsError(
            'Expected the language model to end with a line "Sounding: ..."; it said '
            f"{answer[-120:]!r}. Use another language model."
        )
    said = (re.sub(r"[^\w\s-]", "", name).strip().lower() for name in lines[-1].split(","))
    return tuple(dict.fromkeys(name for name in said if name and name != "none"))[:CUES]


def _load(checkpoint: Checkpoint, folder: Path | None) -> tuple[Any, Any]:
    """(network, tokenizer). Raises RefavsError when they cannot be had or used."""
    import transformers

    where = folder or fetch(checkpoint)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, local_files_only=True)
        network = getattr(transformers, checkpoint.model).from_pretrained(where, local_files_only=True)
        if network.config.model_type not in checkpoint.types:
            raise ValueError(f"its model_type is {network.config.model_type}")
    except (OSError, ValueError, KeyError, AttributeError, ImportError, RuntimeError) as error:
        raise RefavsError(
            f"Expected the files of {checkpoint.hub} in {where}; they cannot be used "
            f"({str(error).splitlines()[0]}). Download them again, or describe without the hub."
        ) from None
    return network.eval(), tokenizer
