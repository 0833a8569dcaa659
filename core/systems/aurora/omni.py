"""Thinkers of the Qwen Omni families: which there are, and what they read.

Qwen3-Omni differs from Qwen2.5-Omni in its experts, in how many tokens a stretch of sound has, and in what its eyes add to
the first layers of its language model ("deepstack"); names of arguments and of parts are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from safetensors import SafetensorError

from core.errors import RefavsError

SIDE = 448  # pixels of a picture's longer side: at most 256 tokens each
FAMILIES = {
    "qwen2_5_omni": "Qwen2_5OmniThinkerForConditionalGeneration",
    "qwen3_omni_moe": "Qwen3OmniMoeThinkerForConditionalGeneration",
}
CHUNK = 100  # frames of sound that Qwen3-Omni hears by themselves


@dataclass(frozen=True)
class OmniReader:
    """What makes a thinker's inputs: its image processor, feature extractor and tokenizer."""

    family: str
    eyes: Any
    ears: Any
    words: Any

    def given(
        self, pictures: Sequence[np.ndarray], sound: np.ndarray, turns: Sequence[tuple[str, str]]
    ) -> dict[str, Any]:
        """Tensors by name, of one conversation whose next turn is the thinker's.

        pictures: uint8 [H, W, 3]; sound: float32 [n] at `rate`; both stand at the beginning of the first user's turn.
        turns: (who, what), where what marks no token of the model's own (`plain`).
        """
        words = self.words
        small = [Image.fromarray(picture) for picture in pictures]
        for picture in small:
            picture.thumbnail((SIDE, SIDE))
        seen = self.eyes(images=small, return_tensors="pt")
        merged = self.eyes.merge_size**2
        counts = [int(grid.prod()) // merged for grid in seen["image_grid_thw"]]
        sights = [f"{words.vision_bos_token}{words.image_token * n}{words.vision_eos_token}" for n in counts]
        heard = self.ears(sound, sampling_rate=self.rate, return_attention_mask=True, return_tensors="pt")
        tokens = sound_tokens(self.family, int(heard["attention_mask"].sum()))
        listened = f"{words.audio_bos_token}{words.audio_token * tokens}{words.audio_eos_token}"
        text, clip = "", f"{''.join(sights)}{listened}"
        for who, said in turns:
            shown = clip if who == "user" else ""
            clip = clip.removeprefix(shown)
            text += f"<|im_start|>{who}\n{shown}{said}<|im_end|>\n"
        return {
            **words(f"{text}<|im_start|>assistant\n", return_tensors="pt"),
            **seen,
            "input_features": heard["input_features"],
            "feature_attention_mask": heard["attention_mask"],
        }

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self.ears.sampling_rate)


def sound_tokens(family: str, frames: int) -> int:
    """How many tokens a thinker has of so many frames of sound (100 a second)."""
    if family == "qwen2_5_omni":
        return ((frames - 1) // 2 - 1) // 2 + 1

    def thrice_halved(count: int) -> int:
        for _ in range(3):
            count = (count + 1) // 2
        return count

    return frames // CHUNK * thrice_halved(CHUNK) + thrice_halved(frames % CHUNK)


def plain(text: str) -> str:
    """On one line, and without what marks the model's own tokens and the parts of a prompt."""
    return " ".join(text.replace("<", "(").replace(">", ")").split())


def load(where: str) -> tuple[Any, OmniReader]:
    """A thinker, from a hub id or a folder, and its reader; by the parts, as its whole processor needs torchvision.

    Raises RefavsError where it cannot be had.
    """
    import transformers

    try:
        family = transformers.AutoConfig.from_pretrained(where).model_type.removesuffix("_thinker")
        if family not in FAMILIES:
            raise ValueError(f"its config.json is of {family!r}")
        loaded = getattr(transformers, FAMILIES[family]).from_pretrained(
            where, dtype="auto", output_loading_info=True
        )
        network, report = loaded
        if report["missing_keys"]:
            raise ValueError(f"{len(report['missing_keys'])} of its weights are not there")
        eyes = transformers.AutoImageProcessor.from_pretrained(where)
        ears = transformers.AutoFeatureExtractor.from_pretrained(where)
        words = transformers.AutoTokenizer.from_pretrained(where)
        for name in ("image_token", "audio_token", "vision_bos_token", "audio_bos_token"):
            getattr(words, name)
    except (
        OSError,
        ValueError,
        KeyError,
        AttributeError,
        ImportError,
        RuntimeError,
        SafetensorError,
    ) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise RefavsError(
            f"Expected a model of the Qwen2.5-Omni or Qwen3-Omni family in {where}; it cannot be used ({reason}). Name "
            "another hub id or folder, as Qwen/Qwen2.5-Omni-7B, or connect to the hub."
        ) from None
    return network.eval(), OmniReader(family, eyes, ears, words)
