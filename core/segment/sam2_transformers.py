"""Networks of the SAM 2 family as transformers has them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import RefavsError
from core.segment.checkpoints import Checkpoint, fetch
from core.segment.packages import mend

CONDITIONING = 8  # learnt frames that are kept of an object, where the network itself sets no limit
NEEDS = "pip install 'transformers>=5,<6'"
_OBJECT = 1  # each memory holds one object


@dataclass(frozen=True)
class Seen:
    """levels: features [h w, 1, C], finest first. places: their positions, shared by all frames."""

    levels: list[Tensor]
    places: list[Tensor]


class TransformersNetwork:
    """A video model of the family: Sam2VideoModel, EdgeTamVideoModel, Sam3TrackerVideoModel."""

    def __init__(
        self, model: Any, session: type, colours: tuple[tuple[float, ...], tuple[float, ...]]
    ) -> None:
        self.model, self.session, self.colours = model, session, colours
        self.side: int = model.config.image_size
        self.device: torch.device = model.device
        self._where: Tensor = model.get_image_wide_positional_embeddings()
        self._places: list[Tensor] | None = None

    def see(self, pixels: Tensor) -> Seen:
        found = self.model.get_image_features(pixels, return_dict=True)
        if self._places is None:
            self._places = list(found.fpn_position_encoding)
        return Seen(list(found.fpn_hidden_states), self._places)

    def size_of(self, seen: Seen) -> int:
        return sum(level.numel() * level.element_size() for level in seen.levels)

    def answer(
        self, seen: Seen, points: Tensor, labels: Tensor, previous: Tensor | None, several: bool
    ) -> tuple[Tensor, float]:
        levels = [*seen.levels[:-1], seen.levels[-1] + self.model.no_memory_embedding]
        maps = [
            level.permute(1, 2, 0).reshape(1, -1, *size)
            for level, size in zip(levels, self.model.backbone_feature_sizes, strict=True)
        ]
        sparse, dense = self.model.prompt_encoder(
            input_points=points.to(self.device),
            input_labels=labels.to(self.device),
            input_boxes=None,
            input_masks=previous,
        )
        masks, scores, _, _ = self.model.mask_decoder(
            image_embeddings=maps[-1],
            image_positional_embeddings=self._where,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
            high_resolution_features=maps[:-1],
        )
        best = int(scores[0, 0].argmax())
        return masks[:, 0, best : best + 1].clamp(-32, 32), float(scores[0, 0, best])

    def mask_side(self) -> int:
        return int(self.model.prompt_encoder.mask_input_size[0])

    def memory(self) -> "SessionMemory":
        return SessionMemory(self)


class SessionMemory:
    """One object's inference session, fed frame after frame and cut back to what the network can attend to.

    Frames are counted in the order in which they are visited, so backward is forward to the network, and
    a stride is a stride.
    """

    def __init__(self, network: TransformersNetwork) -> None:
        self._network = network
        self._session = network.session(
            inference_device=network.device, inference_state_device=network.device, dtype=torch.float32
        )
        self._object = self._session.obj_id_to_idx(_OBJECT)
        self._count = 0

    def learn(self, seen: Seen, mask: Tensor) -> None:
        self._session.add_mask_inputs(self._object, self._count, mask)
        self._session.obj_with_new_inputs = [_OBJECT]
        self._step(seen)

    def find(self, seen: Seen) -> tuple[Tensor, float]:
        found = self._step(seen)
        return found.pred_masks, float(found.object_score_logits.flatten()[0])

    @property
    def remembered(self) -> dict[str, int]:
        """How many frames are kept: learnt ones, found ones with their memory, and found ones in all."""
        kept = self._session.output_dict_per_obj[self._object]
        found = kept["non_cond_frame_outputs"]
        return {
            "learnt": len(kept["cond_frame_outputs"]),
            "found": sum("maskmem_features" in out for out in found.values()),
            "pointers": len(found),
        }

    def _step(self, seen: Seen) -> Any:
        session, count = self._session, self._count
        features = {"vision_feats": seen.levels, "vision_pos_embeds": seen.places}
        session.cache.cache_vision_features(count, features)
        # the frame's pixels are not looked at, its features are in the session's cache
        found = self._network.model(
            inference_session=session, frame_idx=count, frame=torch.empty(0, device=self._network.device)
        )
        self._prune()
        self._count += 1
        return found

    def _prune(self) -> None:
        session, config, now = self._session, self._network.model.config, self._count + 1
        session.processed_frames.clear()
        session.cache.clear_all()
        session.mask_inputs_per_obj[self._object].clear()
        session.frames_tracked_per_obj[self._object].clear()
        kept = session.output_dict_per_obj[self._object]
        for outputs in kept.values():
            for out in outputs.values():
                out.pop("high_res_masks", None)
                out.pop("pred_masks", None)
        limit = config.max_cond_frame_num if config.max_cond_frame_num > 0 else CONDITIONING
        for index in sorted(kept["cond_frame_outputs"])[:-limit]:
            del kept["cond_frame_outputs"][index]
        found = kept["non_cond_frame_outputs"]
        for index in list(found):
            if now - index >= config.max_object_pointers_in_encoder:
                del found[index]
            elif now - index >= config.num_maskmem:
                found[index].pop("maskmem_features", None)
                found[index].pop("maskmem_pos_enc", None)


def load(checkpoint: Checkpoint, weights: str | Path | None = None) -> TransformersNetwork:
    """The network, ready to answer. weights: a folder or a hub id; None = the checkpoint of the table.

    Raises RefavsError: not to be had, broken, of another architecture, or packages that do not fit together.
    """
    source = Path(fetch(checkpoint)) if weights is None else weights
    if isinstance(source, Path) or Path(source).is_dir():
        _check_folder(Path(source), checkpoint)
    try:
        import transformers

        model_class = getattr(transformers, checkpoint.model)
        session = _session_class(model_class, checkpoint.session)
    except (ImportError, RuntimeError) as error:
        raise RefavsError(mend(checkpoint.name, error, needs=NEEDS)) from error
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        model, report = model_class.from_pretrained(source, output_loading_info=True, dtype=torch.float32)
    except ImportError as error:
        raise RefavsError(mend(checkpoint.name, error, needs=NEEDS)) from error
    except Exception as error:  # whatever a broken or foreign file makes the loader raise
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise RefavsError(
            f"Expected the weights of {checkpoint.name} in {source}; they cannot be used ({reason[0]}). "
            "Delete that copy and fetch it again."
        ) from error
    missing = [*report["missing_keys"], *report["mismatched_keys"]]
    if missing:
        raise RefavsError(
            f"Expected the weights of {checkpoint.name} in {source}; {len(missing)} of its parameters are "
            "missing or of another shape, so these are weights of another architecture. Name another folder."
        )
    return TransformersNetwork(model.eval().requires_grad_(False).to(device), session, checkpoint.colours)


def _session_class(model_class: type, name: str) -> type:
    from importlib import import_module

    session: type = getattr(import_module(model_class.__module__), name)
    return session


def _check_folder(folder: Path, checkpoint: Checkpoint) -> None:
    path = folder / "config.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        raise RefavsError(
            f"Expected a folder with config.json and model.safetensors of {checkpoint.name}; {path} cannot "
            "be read. Name a folder written by save_pretrained, or downloaded from the hub."
        ) from error
    if kind not in checkpoint.types:
        raise RefavsError(
            f"{checkpoint.name} needs weights of the kind {' or '.join(checkpoint.types)}; {folder} holds "
            f"{kind!r}. Name another folder or another segmenter."
        )
