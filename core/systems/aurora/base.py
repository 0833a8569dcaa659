"""AURORA at the paper's size from public parts: a thinker of a Qwen Omni family with LoRA, and SAM 2's mask decoder.

The thinker reads frames, sound and sentence; its hidden state at [SEG] goes through two layers to the prompt of the mask
decoder, on every frame. Taught: LoRA on the thinker's query and value projections, the signs that its words do not have
([SEG] and how an answer begins), the two layers and the mask decoder. All else is frozen, shared between copies, and
neither saved nor kept in checkpoints.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DynamicCache

from core.errors import RefavsError
from core.systems.aurora.omni import OmniReader, load, plain
from core.systems.aurora.writing import Begun, Reasoning
from core.systems.blocks.public import MEAN, SPREAD

THINKER = "Qwen/Qwen2.5-Omni-7B"
SEGMENTER = "facebook/sam2.1-hiera-large"
ADAPTED = r".*language_model\..*\.(q_proj|v_proj)"
ASKED = "The reference is: {said} Please segment the corresponding object in the images."  # as the paper's code has it
SILENT = 0.1  # seconds: a sound that is shorter is made so long


@dataclass
class BaseConfig:
    """thinker, segmenter: hub ids or folders of the public parts. words: tokens of the thinker; three signs follow.

    end, pad: of the thinker's tokens, behind an answer. rank, alpha: of LoRA; nothing is dropped out, so that a step depends
    on its number and the weights alone. The rest as in `config.AuroraConfig`.
    """

    words: int
    end: int
    pad: int
    thinker: str = THINKER
    segmenter: str = SEGMENTER
    rank: int = 8
    alpha: int = 16
    chain_length: int = 200
    cross: float = 2.0
    dice: float = 0.5
    distillation: float = 1.0
    format: float = 1.0
    category: float = 1.0
    iou: float = 1.0
    kl: float = 0.04

    model_type = "refavs-aurora-base"
    looks = ()  # all seconds are looked at

    @property
    def seg(self) -> int:
        return self.words

    @property
    def think(self) -> int:
        return self.words + 1

    @property
    def direct(self) -> int:
        return self.words + 2


@dataclass(frozen=True)
class OmniPrefix(Begun):
    """What stands before an answer, padded behind. tokens: [B, P, D]; there: bool [B, P]; places: int64 [3, B, P].

    pictures: bool [B, P], the tokens that are pictures; deep: of Qwen3-Omni, what is added there behind the first
    layers, [B, P, D] each.
    """

    tokens: Tensor
    there: Tensor
    places: Tensor
    pictures: Tensor
    deep: tuple[Tensor, ...]

    def repeated(self, times: int) -> "OmniPrefix":
        def often(tensor: Tensor, axis: int = 0) -> Tensor:
            return tensor.repeat_interleave(times, axis)

        deep = tuple(map(often, self.deep))
        return OmniPrefix(
            often(self.tokens), often(self.there), often(self.places, 1), often(self.pictures), deep
        )


class AuroraBase(Reasoning):
    """thinker: of a Qwen Omni family; eyes: a SAM 2. Both are changed in place. Raises RefavsError without peft."""

    any_device = True

    def __init__(self, thinker: Any, eyes: Any, reader: OmniReader, config: BaseConfig) -> None:
        super().__init__()
        self.config, self.reader = config, reader
        width = int(thinker.get_input_embeddings().weight.shape[1])
        self.thinker = _adapted(thinker.requires_grad_(False), config)
        self.eyes = eyes.requires_grad_(False)
        self.eyes.mask_decoder.requires_grad_(True)
        self.eyes.mask_decoder.dynamic_multimask_via_stability = False  # its other masks are not taught
        prompt = int(eyes.prompt_encoder.no_mask_embed.weight.shape[1])
        self.point = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, prompt))
        mean = thinker.get_input_embeddings().weight.float().mean(0)
        self.signs = nn.Parameter(mean + 0.02 * torch.randn(3, width))
        self.say = nn.Linear(width, 1)
        nn.init.zeros_(self.say.weight)
        nn.init.zeros_(self.say.bias)
        self.train()

    @classmethod
    def from_parts(cls, thinker: str = THINKER, segmenter: str = SEGMENTER, **options: Any) -> "AuroraBase":
        """The public weights, from hub ids or folders; what AURORA adds is new. options: BaseConfig's.

        Raises RefavsError.
        """
        _peft()  # said before large files are fetched
        thinks, reader = load(thinker)
        try:
            from transformers import Sam2Model

            eyes = Sam2Model.from_pretrained(segmenter)
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise RefavsError(
                f"Expected a SAM 2 in {segmenter}; it cannot be used ({str(error).splitlines()[0]}). Name another "
                "hub id or folder, or connect to the hub."
            ) from None
        words, marks = int(thinks.lm_head.weight.shape[0]), reader.words
        config = BaseConfig(words, marks.eos_token_id, marks.pad_token_id, thinker, segmenter, **options)
        return cls(thinks, eyes, reader, config)

    @classmethod
    def from_pretrained(cls, folder: Path) -> "AuroraBase":
        """What `store` wrote, with the public parts that it names. Raises RefavsError."""
        config = saved_config(folder)
        named = {k: v for k, v in asdict(config).items() if k not in ("words", "end", "pad")}
        network = cls.from_parts(**named)
        network.restore(folder)
        return network

    @property
    def device(self) -> torch.device:
        return self.signs.device

    def train(self, mode: bool = True) -> "AuroraBase":
        """As any module's, but what is frozen stays as it answers."""
        super().train(mode)
        self.thinker.eval()
        self.eyes.eval()
        return self

    def question(self, pictures: Sequence[np.ndarray], sound: np.ndarray, said: str) -> dict[str, Tensor]:
        """What `read` takes of a clip: pictures uint8 [H, W, 3], sound float32 [n] at `reader.rate`, a sentence."""
        least = round(SILENT * self.reader.rate)
        heard = np.pad(sound, (0, max(least - len(sound), 0)))
        turns = [("system", "You are a helpful assistant."), ("user", ASKED.format(said=plain(said)))]
        return self.reader.given(pictures, heard, turns)

    def pictures(self, frames: Sequence[np.ndarray]) -> Tensor:
        """uint8 [H, W, 3] each -> float32 [N, 3, S, S] as SAM 2 was taught, S its side."""
        side = int(self.eyes.config.prompt_encoder_config.image_size)
        square = np.stack([cv2.resize(f, (side, side), interpolation=cv2.INTER_AREA) for f in frames])
        return torch.from_numpy((square / 255.0 - MEAN) / SPREAD).float().permute(0, 3, 1, 2)

    def prefix(self, known: OmniPrefix) -> OmniPrefix:
        """Nothing before an answer is taught, so it is what `read` gave."""
        return known

    @torch.no_grad()
    def read(self, asked: Sequence[Mapping[str, Tensor]]) -> tuple[OmniPrefix]:
        """asked: `question`'s of each clip."""
        rows = [self._read(given) for given in asked]
        longest = max(len(tokens) for tokens, *_ in rows)

        def padded(values: Sequence[Tensor]) -> Tensor:
            return torch.stack([F.pad(v, (0, 0) * (v.ndim - 1) + (0, longest - len(v))) for v in values])

        tokens, places, pictures, deep = zip(*rows, strict=True)
        there = padded([torch.ones_like(p) for p in pictures])
        layers = tuple(padded(layer) for layer in zip(*deep, strict=True))
        whole = OmniPrefix(padded(tokens), there, padded(places).permute(2, 0, 1), padded(pictures), layers)
        return (whole,)

    def _read(self, given: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        """Of one clip: tokens [P, D], places [P, 3], which are pictures [P], and what is added behind layers."""
        body, kind = self.thinker.model, self.thinker.lm_head.weight.dtype
        ready = {n: v.to(self.device, kind if v.is_floating_point() else v.dtype) for n, v in given.items()}
        numbers, mask = ready["input_ids"], ready["feature_attention_mask"]
        seen = body.get_image_features(ready["pixel_values"], ready["image_grid_thw"], return_dict=True)
        heard = body.get_audio_features(ready["input_features"], mask, return_dict=True).last_hidden_state
        pictures, sounds = (numbers == self.thinker.config.image_token_id, numbers == self._sound)
        tokens = self._embedded(numbers)
        looks = torch.cat(list(seen.pooler_output)).to(tokens.dtype)
        tokens = tokens.masked_scatter(pictures[..., None], looks)
        tokens = tokens.masked_scatter(sounds[..., None], heard.to(tokens.dtype))
        places, _ = body.get_rope_index(
            numbers,
            image_grid_thw=ready["image_grid_thw"],
            attention_mask=torch.ones_like(numbers),
            audio_seqlens=mask.sum(1),
        )
        deep = []
        for layer in getattr(seen, "deepstack_features", None) or ():
            added = torch.cat(list(layer)).to(tokens.dtype)
            deep.append(torch.zeros_like(tokens[0]).masked_scatter(pictures[0][:, None], added))
        return tokens[0], places[:, 0].T.long(), pictures[0], deep

    @property
    def _sound(self) -> int:
        return int(self.thinker.config.audio_token_id)

    def memory(self) -> DynamicCache:
        return DynamicCache(config=self.thinker.model.language_model.config)

    def think(self, prefix: OmniPrefix, tokens: Tensor, memory: DynamicCache | None = None) -> Tensor:
        before = prefix.there.shape[1]
        known = memory.get_seq_length() if memory is not None else 0
        said = tokens != self.config.pad
        behind = prefix.places.amax((0, 2)) + 1
        places = (behind[:, None] + said.long().cumsum(1) - 1).expand(3, -1, -1)
        fresh = self._embedded(tokens[:, max(known - before, 0) :])
        more: dict[str, Any] = {}
        if not known:
            fresh = torch.cat([prefix.tokens, fresh], 1)
            if prefix.deep:
                more["visual_pos_masks"] = F.pad(prefix.pictures, (0, tokens.shape[1]))
                more["deepstack_visual_embeds"] = [layer[prefix.pictures] for layer in prefix.deep]
        hidden: Tensor = self.thinker.model.language_model(
            inputs_embeds=fresh,
            attention_mask=torch.cat([prefix.there, said], 1).long(),
            position_ids=torch.cat([prefix.places, places], 2)[:, :, known:],
            past_key_values=memory,
            use_cache=memory is not None,
            **more,
        ).last_hidden_state
        return hidden if known else hidden[:, before:]

    def _embedded(self, tokens: Tensor) -> Tensor:
        words = self.config.words
        known: Tensor = self.thinker.get_input_embeddings()(tokens.clamp(max=words - 1))
        own = self.signs[(tokens - words).clamp(min=0)].to(known.dtype)
        return torch.where((tokens >= words)[..., None], own, known)

    def logits(self, hidden: Tensor) -> Tensor:
        """Of the next token: [..., words + 1], [SEG] the last."""
        known = self.thinker.lm_head(hidden).float()
        return torch.cat([known, self.say(hidden.to(self.say.weight.dtype)).float()], -1)

    @torch.no_grad()
    def see(self, eyes: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """(`pictures`,) [B, S, 3, side, side] -> SAM 2's three maps [B, S, C, h, w], fine to coarse."""
        (pictures,) = eyes
        maps = self.eyes.get_image_embeddings(pictures.flatten(0, 1).to(self.device))
        return tuple(m.unflatten(0, pictures.shape[:2]) for m in maps)

    def segment(self, prompt: Tensor, eyes: tuple[Tensor, ...]) -> Tensor:
        batch, seconds = eyes[0].shape[:2]
        *fine, coarse = (m.flatten(0, 1) for m in eyes)
        where = self.eyes.get_image_wide_positional_embeddings().expand(len(coarse), -1, -1, -1)
        none = self.eyes.prompt_encoder.no_mask_embed.weight.reshape(1, -1, 1, 1).expand_as(coarse)
        masks = self.eyes.mask_decoder(
            image_embeddings=coarse,
            image_positional_embeddings=where,
            sparse_prompt_embeddings=prompt.repeat_interleave(seconds, 0)[:, None, None],
            dense_prompt_embeddings=none,
            multimask_output=False,
            high_resolution_features=fine,
        )[0]
        found: Tensor = masks[:, 0, 0].unflatten(0, (batch, seconds)).float()
        return found

    def plane(self, eyes: tuple[Tensor, ...]) -> tuple[int, int]:
        height, width = eyes[0].shape[-2:]
        return height, width

    def learnt(self) -> Iterator[tuple[str, nn.Parameter]]:
        """What is taught, by name; frozen networks have it too."""
        for name, p in self.named_parameters():
            if "lora_" in name or name.startswith(("eyes.mask_decoder.", "point.", "signs", "say.")):
                yield name, p

    def state_dict(self, *args: Any, **more: Any) -> dict[str, Any]:  # type: ignore[override]
        """What is taught alone."""
        return {name: p.detach() for name, p in self.learnt()}

    @torch.no_grad()
    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **more: Any) -> Any:
        """Take what `state_dict` gave. Raises RuntimeError when it is of other parts."""
        own = dict(self.learnt())
        if {n: v.shape for n, v in state_dict.items()} != {n: p.shape for n, p in own.items()}:
            raise RuntimeError("it is of other parts")
        for name, value in state_dict.items():
            own[name].copy_(value)

    def __deepcopy__(self, memo: dict[int, Any]) -> "AuroraBase":
        """What is frozen is shared: single weights, and parts without any that are taught."""
        taught = {id(p) for _, p in self.learnt()}
        memo |= {id(p): p for p in self.parameters() if id(p) not in taught}
        for part in self.modules():
            if taught.isdisjoint(map(id, part.parameters())):
                memo[id(part)] = part
        memo[id(self.reader)] = self.reader
        twin: AuroraBase = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def store(self, folder: Path) -> None:
        """The public parts are named, not copied."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"model_type": BaseConfig.model_type, **asdict(self.config)}
        (folder / "config.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        save_file(
            {n: p.cpu().contiguous() for n, p in self.state_dict().items()}, folder / "model.safetensors"
        )

    def restore(self, folder: Path) -> None:
        """Take what `store` wrote. Raises RefavsError when it is of other parts."""
        try:
            self.load_state_dict(load_file(folder / "model.safetensors"))
        except (OSError, RuntimeError, SafetensorError) as error:
            raise _unusable(folder, error) from None


def saved_config(folder: Path) -> BaseConfig:
    """Of what `store` wrote. Raises RefavsError."""
    try:
        about = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if about.pop("model_type") != BaseConfig.model_type:
            raise ValueError("it is of another system")
        return BaseConfig(**about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(folder, error) from None


def _unusable(folder: Path, error: Exception) -> RefavsError:
    return RefavsError(
        f"Expected what `refavs train aurora --config base` saved in {folder}; it cannot be used "
        f"({(str(error).splitlines() or [type(error).__name__])[0]}). Name another folder."
    )


def _peft() -> Any:
    try:
        import peft
    except ImportError:
        raise RefavsError(
            "AURORA of config base needs the parts of the extra [train], which are not installed: "
            'run pip install "refavs-studio[train]".'
        ) from None
    return peft


def _adapted(thinker: nn.Module, config: BaseConfig) -> Any:
    """The thinker with LoRA in it, in full precision whatever the thinker's is: small steps would be lost."""
    peft = _peft()
    lora = peft.LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=ADAPTED)
    adapted = peft.inject_adapter_in_model(lora, thinker)
    for name, p in adapted.named_parameters():
        if "lora_" in name:
            p.data = p.data.float()
    return adapted
