"""Cross-modal blocks: attention within a joined sequence, attention into another one, memory of the past."""

import math

import torch
from torch import Tensor, nn


class Fusion(nn.Module):
    """Self-attention over joined sequences: [B, N, D] -> [B, N, D]. hidden: bool [B, N], True = padding."""

    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        fused: Tensor = self.layers(x, src_key_padding_mask=hidden)
        return fused


class CrossLayer(nn.Module):
    """queries [B, Q, D] look into source [B, N, D]; then a feed-forward part. Both beside a short cut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.forward_part = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, queries: Tensor, source: Tensor, hidden: Tensor | None = None) -> Tensor:
        keys = self.norms[1](source)
        found, _ = self.attention(self.norms[0](queries), keys, keys, hidden, need_weights=False)
        queries = queries + found
        after: Tensor = queries + self.forward_part(self.norms[2](queries))
        return after


class FewQueries(nn.MultiheadAttention):
    """`nn.MultiheadAttention` (sequence first, no dropout) for few queries and many places; its weights and answers.

    (W_q q) . (W_k x) = (W_k^T W_q q) . x, so the queries are carried to the places instead of all places to
    keys, and what is seen is carried back: less work where heads * queries < channels.
    """

    def forward(  # type: ignore[override]  # the part of its arguments that is used
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: None = None,
        need_weights: bool = False,
        attn_mask: Tensor | None = None,
    ) -> tuple[Tensor, None]:
        """query [Q, B, D]; key, value [N, B, D]; attn_mask bool [B * heads, Q, N], True = not looked at."""
        count, batch, _ = query.shape
        heads = self.num_heads
        by_query, by_key, by_value = self.in_proj_weight.chunk(3)
        shift, _, offset = self.in_proj_bias.chunk(
            3
        )  # a key's shift is the same at all places: softmax drops it
        asked = nn.functional.linear(query, by_query, shift).unflatten(-1, (heads, -1)) * self.head_dim**-0.5
        carried = torch.einsum("qbhd,hdc->bhqc", asked, by_key.unflatten(0, (heads, -1))).flatten(1, 2)
        scores = carried @ key.permute(1, 2, 0)  # [B, heads * Q, N]
        if attn_mask is not None:
            scores = scores.masked_fill(attn_mask.view(batch, heads * count, -1), -torch.inf)
        seen = (scores.softmax(-1) @ value.transpose(0, 1)).unflatten(1, (heads, count))
        found = torch.einsum("bhqc,hdc->qbhd", seen, by_value.unflatten(0, (heads, -1))).flatten(2)
        return self.out_proj(found + offset), None


def past_mean(steps: Tensor) -> Tensor:
    """[B, T, ...] -> the same shape: at each step the mean over the steps before it; 0 at the first."""
    count = torch.arange(1, steps.shape[1], device=steps.device, dtype=steps.dtype)
    earlier = steps.cumsum(1)[:, :-1] / count.view(-1, *[1] * (steps.ndim - 2))
    return torch.cat([torch.zeros_like(steps[:, :1]), earlier], 1)


def remember(steps: Tensor, beta: float) -> Tensor:
    """Cached memory, (beta + 1) F - beta C with C the mean over past steps: what is new stands out.

    [B, T, ...] -> the same shape. beta 0 is no memory.
    """
    return (beta + 1) * steps - beta * past_mean(steps)


def places(height: int, width: int, channels: int, like: Tensor) -> Tensor:
    """Sines of a picture's places [height * width, channels], a multiple of 4; rows and columns half each."""
    share = torch.arange(channels // 4, device=like.device, dtype=like.dtype) * (4 / channels)
    speed = 2 * math.pi * (2.0 ** (4 * share))  # from one wave a picture to sixteen
    y = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height
    x = (torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) / width
    rows = torch.cat([(y[:, None] * speed).sin(), (y[:, None] * speed).cos()], 1)
    columns = torch.cat([(x[:, None] * speed).sin(), (x[:, None] * speed).cos()], 1)
    both = [rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)]
    return torch.cat(both, 2).flatten(0, 1)
