"""Names of what is heard, by CLAP from the hub: seconds of sound against every noun that can sound."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.errors import RefavsError
from core.expressions.lexicon import NOUNS
from core.media.audio import resample
from core.segment.checkpoints import CLAP, fetch

RATE, SECONDS = 48_000, 10  # what the network was trained on
WINDOW, HOP, BANDS, LOWEST, HIGHEST = 1024, 480, 64, 50.0, 14_000.0
AROUND = 1  # seconds heard before and after each second
TEMPLATE = "this is the sound of {}."
VOICES = {
    "speech": "a person speaking",
    "singing": "a person singing",
    "laughter": "people laughing",
    "baby": "a baby crying",
    "silence": "silence",
}


class HubEars:
    """Called with samples; see `core.systems.cue.names.Ears`."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: holds the checkpoint; None = the hub's. Raises RefavsError where it cannot be had or used."""
        from transformers import AutoTokenizer, ClapModel

        where = folder or fetch(CLAP)
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=True)
            self.model = ClapModel.from_pretrained(where, local_files_only=True).eval()
            config = self.model.config
            if config.model_type not in CLAP.types or config.audio_config.enable_fusion:
                raise ValueError(f"it is a {config.model_type} that this program does not know")
            if config.audio_config.num_mel_bins != BANDS:
                raise ValueError(f"it hears {config.audio_config.num_mel_bins} bands, not {BANDS}")
        except (OSError, ValueError, KeyError, AttributeError, ImportError, RuntimeError) as error:
            raise RefavsError(
                f"Expected the files of {CLAP.hub} in {where}; they cannot be used "
                f"({str(error).splitlines()[0]}). Download them again, or use the system cue, which needs none."
            ) from None
        sounding = [*NOUNS["animal"], *NOUNS["instrument"], *NOUNS["machine"]]
        phrases = VOICES | {noun: f"a {noun.replace('-', ' ')}" for noun in sounding}
        self.names = tuple(phrases)
        self._words = self._text([TEMPLATE.format(phrase) for phrase in phrases.values()])

    @torch.inference_mode()
    def __call__(self, samples: np.ndarray, rate: int) -> tuple[tuple[str, ...], np.ndarray, tuple[str, ...]]:
        """The names, float32 [S, C]: the chance of each in each second, which add up to 1, and ().

        samples: float32 [n] mono at `rate`. As the chances of several sounds share 1, none is trusted by itself.
        """
        sound = resample(samples, rate, RATE)
        seconds = -(-len(sound) // RATE)
        windows = [sound[max(0, k - AROUND) * RATE : (k + 1 + AROUND) * RATE] for k in range(seconds)]
        if not windows:
            return self.names, np.zeros((0, len(self.names)), np.float32), ()
        heard = []
        for window in windows:
            rows = log_mel(torch.from_numpy(window))[None, None]
            heard.append(self.model.get_audio_features(input_features=rows).pooler_output)
        scale = self.model.logit_scale_a.exp()
        logits = torch.cat(heard) @ self._words.T * scale
        return self.names, logits.softmax(1).numpy(), ()

    @torch.inference_mode()
    def _text(self, phrases: list[str]) -> Tensor:
        """float32 [n, D], of length 1."""
        told = self.tokenizer(phrases, padding=True, return_tensors="pt")
        found = self.model.get_text_features(
            input_ids=told["input_ids"], attention_mask=told["attention_mask"]
        )
        words: Tensor = found.pooler_output
        return words


def log_mel(samples: Tensor) -> Tensor:
    """float32 [1001, 64]: decibels of the mel bands of the power, of ten seconds.

    samples: float32 [n], at most ten seconds mono at 48 kHz; a shorter sound is repeated as often as it fits,
    and silence fills the rest, as the published network was fed.
    """
    wanted = RATE * SECONDS
    samples = samples[:wanted]
    if 0 < len(samples) < wanted:
        samples = samples.repeat(wanted // len(samples))
    samples = torch.nn.functional.pad(samples, (0, wanted - len(samples)))
    window = torch.hann_window(WINDOW, periodic=True, dtype=torch.float64)
    bins = torch.stft(samples.double(), WINDOW, HOP, window=window, center=True, return_complex=True)
    power = bins.abs() ** 2  # [513, 1001]
    return (10 * torch.log10((power.T @ _bands()).clamp(min=1e-10))).float()


@cache
def _bands() -> Tensor:
    """float64 [513, 64]: triangles on Slaney's mel axis (Auditory Toolbox, 1998), each of area 1."""
    low, high = (_mel(torch.tensor([hertz], dtype=torch.float64)) for hertz in (LOWEST, HIGHEST))
    edges = _hertz(torch.linspace(float(low), float(high), BANDS + 2, dtype=torch.float64))
    bins = torch.linspace(0, RATE / 2, WINDOW // 2 + 1, dtype=torch.float64)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0) * 2 / (edges[2:] - edges[:-2])


def _mel(hertz: Tensor) -> Tensor:
    """Straight up to 1000 Hz, logarithmic above."""
    above = 15 + torch.log(hertz.clamp(min=1) / 1000) * 27 / np.log(6.4)
    return torch.where(hertz < 1000, hertz * 3 / 200, above)


def _hertz(mel: Tensor) -> Tensor:
    return torch.where(mel < 15, mel * 200 / 3, 1000 * torch.exp((mel - 15) * np.log(6.4) / 27))
