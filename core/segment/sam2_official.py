"""Checkpoints of the official SAM 2 code, as people fine-tune them: a .pt with its .yaml. Extra [sam2]."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import RefavsError
from core.segment.checkpoints import IMAGENET
from core.segment.packages import mend
from core.segment.sam2 import Sam2Segmenter

CONDITIONING = 8  # learnt frames that are kept of an object
_MANY = 1 << 30  # frames that a video may have: the code only asks so as not to look beyond its end
NEEDS = "pip install 'refavs-studio[sam2]'"


@dataclass(frozen=True)
class Seen:
    """levels, places: features and positional encodings [h w, 1, C], finest first. sizes: (h, w) of each."""

    levels: list[Tensor]
    places: list[Tensor]
    sizes: list[tuple[int, int]]


class OfficialNetwork:
    """sam2.modeling.sam2_base.SAM2Base."""

    colours: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET

    def __init__(self, model: Any) -> None:
        self.model = model
        self.side: int = model.image_size
        self.device: torch.device = model.device

    def see(self, pixels: Tensor) -> Seen:
        _, levels, places, sizes = self.model._prepare_backbone_features(self.model.forward_image(pixels))
        return Seen(levels, places, sizes)

    def size_of(self, seen: Seen) -> int:
        return sum(level.numel() * level.element_size() for level in seen.levels)

    def answer(
        self, seen: Seen, points: Tensor, labels: Tensor, previous: Tensor | None, several: bool
    ) -> tuple[Tensor, float]:
        levels = [*seen.levels[:-1], seen.levels[-1] + self.model.no_mem_embed]
        maps = [
            level.permute(1, 2, 0).reshape(1, -1, *size)
            for level, size in zip(levels, seen.sizes, strict=True)
        ]
        sparse, dense = self.model.sam_prompt_encoder(
            points=(points[0].to(self.device), labels[0].to(self.device)), boxes=None, masks=previous
        )
        masks, scores, _, _ = self.model.sam_mask_decoder(
            image_embeddings=maps[-1],
            image_pe=self.model.sam_prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
            repeat_image=False,
            high_res_features=maps[:-1],
        )
        best = int(scores[0].argmax())
        return masks[:, best : best + 1].clamp(-32, 32), float(scores[0, best])

    def mask_side(self) -> int:
        return int(self.model.sam_prompt_encoder.mask_input_size[0])

    def memory(self) -> "StepMemory":
        return StepMemory(self.model)


class StepMemory:
    """One object's outputs, cut back after each step to what the next can attend to.

    Frames are counted in the order in which they are visited.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._kept: dict[str, dict[int, Any]] = {"cond_frame_outputs": {}, "non_cond_frame_outputs": {}}
        self._count = 0

    def learn(self, seen: Seen, mask: Tensor) -> None:
        self._kept["cond_frame_outputs"][self._count] = self._step(seen, mask)
        self._prune()

    def find(self, seen: Seen) -> tuple[Tensor, float]:
        found = self._step(seen, None)
        masks, there = found.pop("pred_masks"), float(found["object_score_logits"].flatten()[0])
        self._kept["non_cond_frame_outputs"][self._count] = found
        self._prune()
        return masks, there

    @property
    def remembered(self) -> dict[str, int]:
        """How many frames are kept: learnt ones, found ones with their memory, and found ones in all."""
        found = self._kept["non_cond_frame_outputs"]
        return {
            "learnt": len(self._kept["cond_frame_outputs"]),
            "found": sum("maskmem_features" in out for out in found.values()),
            "pointers": len(found),
        }

    def _step(self, seen: Seen, mask: Tensor | None) -> dict[str, Any]:
        found: dict[str, Any] = self._model.track_step(
            frame_idx=self._count,
            is_init_cond_frame=mask is not None,
            current_vision_feats=seen.levels,
            current_vision_pos_embeds=seen.places,
            feat_sizes=seen.sizes,
            point_inputs=None,
            mask_inputs=mask,
            output_dict=self._kept,
            num_frames=_MANY,
        )
        for large in ("pred_masks_high_res", "mask_inputs", "point_inputs"):
            found.pop(large, None)
        return found

    def _prune(self) -> None:
        self._count += 1
        learnt, found = self._kept["cond_frame_outputs"], self._kept["non_cond_frame_outputs"]
        limit = self._model.max_cond_frames_in_attn
        for index in sorted(learnt)[: -(limit if limit > 0 else CONDITIONING)]:
            del learnt[index]
        for index in list(found):
            if self._count - index >= self._model.max_obj_ptrs_in_encoder:
                del found[index]
            elif self._count - index >= self._model.num_maskmem:
                found[index].pop("maskmem_features", None)
                found[index].pop("maskmem_pos_enc", None)


def load(weights: str | Path | None) -> OfficialNetwork:
    """The network of a folder that holds one .pt and one .yaml, or of a .pt with its .yaml beside it.

    Raises RefavsError: nothing there, the package missing, packages that do not fit, weights of another
    network.
    """
    checkpoint, config = _files(weights)
    try:
        from hydra.utils import instantiate
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
        from sam2.modeling.sam2_base import SAM2Base
    except (ImportError, RuntimeError) as error:
        raise RefavsError(mend("sam2-official", error, needs=NEEDS)) from error
    try:
        written = OmegaConf.to_container(OmegaConf.load(config), resolve=True)
        model_config = written["model"]
    except (OSError, ValueError, KeyError, TypeError, OmegaConfBaseException) as error:
        raise RefavsError(
            f"Expected {config} to describe a network under 'model:', as sam2's own configs do; it does not. "
            "Use the .yaml that the weights were trained with."
        ) from error
    _check_targets(model_config, config)
    model_config["_target_"] = f"{SAM2Base.__module__}.{SAM2Base.__qualname__}"
    model_config["binarize_mask_from_pts_for_mem_enc"] = True  # as sam2's own video predictor sets them
    model_config["sam_mask_decoder_extra_args"] = {
        "dynamic_multimask_via_stability": True,
        "dynamic_multimask_stability_delta": 0.05,
        "dynamic_multimask_stability_thresh": 0.98,
    }
    try:
        model = instantiate(model_config, _recursive_=True)
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        model.load_state_dict(state.get("model", state))
    except Exception as error:  # whatever a broken or foreign file makes the loaders raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise RefavsError(
            f"{checkpoint} and {config.name} do not make a SAM 2 network ({reason[:160]}). "
            "Use a checkpoint with the .yaml that it was trained with."
        ) from error
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return OfficialNetwork(model.eval().requires_grad_(False).to(device))


def official(weights: str | Path | None = None) -> Sam2Segmenter:
    """The segmenter for a checkpoint of the official code; see `load`."""
    return Sam2Segmenter("sam2-official", load(weights))


def _files(weights: str | Path | None) -> tuple[Path, Path]:
    if weights is None:
        raise RefavsError(
            "sam2-official needs a checkpoint of the official code: name a folder with one .pt and one "
            ".yaml, sam2-official:FOLDER."
        )
    folder = Path(weights)
    checkpoints = [folder] if folder.is_file() else sorted(folder.glob("*.pt"))
    configs = sorted((folder.parent if folder.is_file() else folder).glob("*.yaml"))
    if len(checkpoints) != 1 or len(configs) != 1:
        raise RefavsError(
            f"sam2-official needs one .pt and one .yaml in {folder}; found {len(checkpoints)} and "
            f"{len(configs)}. Put one checkpoint and its config into a folder of their own."
        )
    return checkpoints[0], configs[0]


def _check_targets(node: Any, config: Path) -> None:
    """A config names the classes to build; only those of sam2 and torch are built, whoever wrote the file."""
    if isinstance(node, dict):
        target = str(node.get("_target_", "sam2."))
        if not target.startswith(("sam2.", "torch.nn.", "training.model.sam2")):
            raise RefavsError(f"{config} asks for {target!r}, which is no part of SAM 2; it is not built.")
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _check_targets(child, config)
