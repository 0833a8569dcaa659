"""The nano segmenter's network: a trunk that sees the picture, and a fused part that also sees the prompts.

The trunk runs once a picture; its features are cached and shared by every click, every object and the nano
systems. The fused part is a small U-Net from stride 4 down to 32 and back; it takes the trunk's features at
every stride.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.segment.nano.config import NanoConfig

STRIDE = 32  # pictures are padded to a multiple of this
PROMPT_MAPS = 5  # positive clicks, negative clicks, box, previous mask, match with the remembered frame


def _conv(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a short cut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.second(self.first(x))))


class Trunk(nn.Module):
    """Picture [B, 3, H, W], 0 to 1 -> features at strides 2, 4, 8, 16, 32."""

    def __init__(self, config: NanoConfig) -> None:
        super().__init__()
        widths = config.widths
        self.stem = _conv(3, widths[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(_conv(narrow, wide, stride=2), *(Block(wide) for _ in range(blocks)))
            for narrow, wide, blocks in zip(widths, widths[1:], config.blocks, strict=False)
        )

    def forward(self, picture: Tensor) -> list[Tensor]:
        features = [self.stem((picture - 0.45) * 4)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features


class Fused(nn.Module):
    """Trunk features + prompt maps [B, 5, H, W] -> logits [B, 1, H, W]."""

    def __init__(self, config: NanoConfig) -> None:
        super().__init__()
        finest, *widths = config.widths
        self.prompts = nn.Conv2d(PROMPT_MAPS, widths[0], 4, 4)
        self.enter = nn.ModuleList(
            _conv(2 * width, width, size=1) if level == 0 else _conv(width + narrow, width, stride=1)
            for level, (width, narrow) in enumerate(zip(widths, [0, *widths], strict=False))
        )
        self.down = nn.ModuleList(Block(width) for width in widths)
        self.narrow = nn.ModuleList(_conv(wide, width, size=1) for width, wide in pairwise(widths))
        self.up = nn.ModuleList(Block(width) for width in widths[:-1])
        self.fine = nn.Conv2d(widths[0], 4 * finest, 1)
        self.edge = _conv(2 * finest, finest)
        self.logits = nn.Conv2d(finest, 4, 1)

    def forward(self, features: Sequence[Tensor], prompts: Tensor) -> Tensor:
        finest, *levels = features
        x = self.prompts(prompts)
        skips: list[Tensor] = []
        for level, (enter, block, seen) in enumerate(zip(self.enter, self.down, levels, strict=True)):
            x = block(enter(torch.cat([F.max_pool2d(x, 2) if level else x, seen], 1)))
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = F.interpolate(self.narrow[level](x), scale_factor=2.0, mode="nearest")
            x = self.up[level](x + skips[level])
        x = F.pixel_shuffle(self.fine(x), 2)
        return F.pixel_shuffle(self.logits(self.edge(torch.cat([x, finest], 1))), 2)


class NanoNetwork(nn.Module):
    """encode: picture -> features. decode: features, prompt maps -> logits. match: where the object went."""

    def __init__(self, config: NanoConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = Trunk(config)
        self.fused = Fused(config)
        self.key = nn.Conv2d(config.widths[2] + config.widths[3], config.key, 1)
        self.sharpness = nn.Parameter(torch.tensor(2.5))

    def encode(self, picture: Tensor) -> list[Tensor]:
        """float32 [B, 3, H, W], 0 to 1, H and W multiples of 32 -> features at strides 2, 4, 8, 16, 32."""
        return self.trunk(picture)

    def decode(self, features: Sequence[Tensor], prompts: Tensor) -> Tensor:
        """Prompt maps [B, 5, H, W] -> logits [B, 1, H, W]."""
        return self.fused(features, prompts)

    def keys(self, features: Sequence[Tensor]) -> Tensor:
        """Unit vectors [B, K, H/8, W/8] by which two frames are matched."""
        coarse = F.interpolate(features[3], scale_factor=2.0, mode="nearest")
        return F.normalize(self.key(torch.cat([features[2], coarse], 1)), dim=1)

    def match(self, keys: Tensor, memory_keys: Tensor, memory_mask: Tensor) -> Tensor:
        """Where pixels look like the object's in the remembered frames.

        keys: [B, K, h, w]. memory_keys: [B, K, N]. memory_mask: [B, N], -1 beside the object to 1 inside it.
        Returns [B, 1, 8h, 8w], -1 to 1.
        """
        places = keys.flatten(2).transpose(1, 2) * self.sharpness.exp()
        weight = torch.bmm(places, memory_keys).softmax(-1)
        found = torch.bmm(weight, memory_mask[:, :, None]).reshape(len(keys), *keys.shape[2:])
        return F.interpolate(found[:, None], scale_factor=8.0, mode="bilinear", align_corners=False)


def fold(network: nn.Module) -> None:
    """Work the normalisations into the convolutions before them, in place: the same answers, sooner.

    For a network in eval mode that will not be trained or saved again.
    """
    for module in network.modules():
        if isinstance(module, Block):
            module.second = fuse_conv_bn_eval(module.second, module.norm)
            module.norm = nn.Identity()  # type: ignore[assignment]
        elif isinstance(module, nn.Sequential) and len(module) == 3 and isinstance(module[1], nn.BatchNorm2d):
            convolution = module[0]
            assert isinstance(convolution, nn.Conv2d)
            module[0] = fuse_conv_bn_eval(convolution, module[1])
            module[1] = nn.Identity()
