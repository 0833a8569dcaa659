"""Where a noun is seen, by GroundingDINO from the hub: boxes on a picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.errors import RefavsError
from core.segment.checkpoints import GROUNDING_DINO, fetch

SHORTER, LONGER = 800, 1333  # pixels of the picture's sides, as the network was trained
SURE = 0.3  # a box is taken from this score on


@dataclass(frozen=True)
class Spot:
    """box: x0, y0, x1, y1 in shares of the picture's width and height. score: 0 to 1."""

    box: tuple[float, float, float, float]
    score: float


class HubFinder:
    """Finds things by a noun."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: holds the checkpoint; None = the hub's. Raises RefavsError where it cannot be had or used."""
        from transformers import AutoTokenizer, GroundingDinoForObjectDetection

        where = folder or fetch(GROUNDING_DINO)
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=True)
            network = GroundingDinoForObjectDetection.from_pretrained(where, local_files_only=True)
            self.model = network.eval()
            if self.model.config.model_type not in GROUNDING_DINO.types:
                raise ValueError(f"its model_type is {self.model.config.model_type}")
        except (OSError, ValueError, KeyError, AttributeError, ImportError, RuntimeError) as error:
            raise RefavsError(
                f"Expected the files of {GROUNDING_DINO.hub} in {where}; they cannot be used "
                f"({str(error).splitlines()[0]}). Download them again, or use the system cue, which needs none."
            ) from None

    @torch.inference_mode()
    def __call__(self, picture: np.ndarray, noun: str) -> list[Spot]:
        """Every place where the noun is seen, surest first. picture: uint8 [H, W, 3] RGB."""
        told = self.tokenizer(f"{noun.replace('-', ' ').lower()}.", return_tensors="pt")
        answer = self.model(pixel_values=pixels(picture), **told)
        scores = answer.logits[0].sigmoid().amax(-1)
        found = []
        for k in scores.argsort(descending=True).tolist():
            if (score := float(scores[k])) < SURE:
                break
            x, y, w, h = answer.pred_boxes[0, k].tolist()
            corners = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            x0, y0, x1, y1 = (min(max(v, 0.0), 1.0) for v in corners)
            if x1 > x0 and y1 > y0:
                found.append(Spot((x0, y0, x1, y1), score))
        return found


def pixels(picture: np.ndarray) -> Tensor:
    """float32 [1, 3, h, w], normalised as on ImageNet. picture: uint8 [H, W, 3] RGB."""
    given = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
    small = F.interpolate(
        given, size=fitted(*picture.shape[:2]), mode="bilinear", align_corners=False, antialias=True
    )
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in GROUNDING_DINO.colours)
    return (small.round().clamp(0, 255) / 255 - mean) / deviation


def fitted(height: int, width: int) -> tuple[int, int]:
    """Height and width with the shorter side 800 pixels, or less so that the longer one has at most 1333."""
    short, long = min(height, width), max(height, width)
    side = min(float(SHORTER), LONGER * short / long)
    if short == round(side):
        return height, width
    other = int(side * long / short)
    return (round(side), other) if height < width else (other, round(side))
