"""SegPref's own blocks: gated looks across modalities, the dynamic mask, InfoNCE over audio components.

Sources: the paper's figure and README (arXiv 2407.10947) and, where they are silent, the released code. What the
paper calls the dynamic mask is in neither; ours is `dynamic_mask`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GatedLook(nn.Module):
    """What targets [N, M, D] find in a source [N, S, D]: sigmoid(b1) W_o MHA(targets, source) + sigmoid(b2) mean(source).

    The released code's cross-modal block less its short cut, which is the caller's: b1 and b2 begin at 1, and neither
    a norm nor a feed-forward part follows.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.gates = nn.Parameter(torch.ones(2))

    def forward(self, targets: Tensor, source: Tensor, hidden: Tensor | None = None) -> Tensor:
        """hidden: bool [N, S], True = not to be looked at; a row that is hidden whole is looked at whole."""
        seen = torch.ones_like(source[..., 0])
        if hidden is not None:
            hidden = hidden & ~hidden.all(1, keepdim=True)
            seen = (~hidden).to(source.dtype)
        found, _ = self.attention(targets, source, source, hidden, need_weights=False)
        mean = torch.einsum("ns,nsd->nd", seen, source) / seen.sum(1, keepdim=True)
        attend, pool = self.gates.sigmoid()
        looked: Tensor = attend * found + pool * mean[:, None]
        return looked


class SemanticsDrivenAudio(nn.Module):
    """SeDAM: text cues look into the sound of a second, N layers, Q = cues, K = V = parts of the sound.

    What a cue finds is its audio component, made of the sound alone; it is added to the cue.
    """

    def __init__(self, width: int, heads: int, layers: int, parts: int) -> None:
        super().__init__()
        self.parts = parts
        self.enter = nn.Sequential(nn.Linear(128, 2 * width), nn.ReLU(), nn.Linear(2 * width, parts * width))
        self.looks = nn.ModuleList(GatedLook(width, heads) for _ in range(layers))

    def forward(self, ears: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """ears: [N, 128], a second each; text: [N, M, D] -> (cues, components), both [N, M, D]."""
        parts = self.enter(ears).unflatten(1, (self.parts, -1))
        cues, component = text, text
        for look in self.looks:
            component = look(cues, parts)
            cues = cues + component
        return cues, component


def support(components: Tensor, text: Tensor) -> Tensor:
    """[..., D] twice -> [...], -1 to 1: the cosine between a cue and the audio component that it found."""
    return F.cosine_similarity(components, text, dim=-1)


def dynamic_mask(supported: Tensor, real: Tensor, sounds: Tensor) -> Tensor:
    """Bool [B, T, M]: which cue may speak in which second. A choice of ours, the paper does not give one.

    supported: [B, T, M], see `support`. real: bool [B, M], False for a place without a cue. sounds: bool [B, T], whether
    anything can be heard. Open are real cues, in seconds that sound, whose audio component points their way (above 0),
    and the best supported one in any case: closed whole are silence and a clip in which nothing can sound.
    """
    among = supported.masked_fill(~real[:, None], -2)  # under any cosine
    best = among == among.amax(2, keepdim=True)
    return ((supported > 0) | best) & real[:, None] & sounds[:, :, None]


def info_nce(supported: Tensor, own: Tensor, same: Tensor, temperature: float) -> Tensor:
    """A second's sound should support the cues of its own clip above those of other clips.

    supported: [N, M], of all M cues of the batch in N seconds. own: bool [N, M]. same: bool [N, M], cues of other clips
    that say the same as one of its own, or places without a cue: neither pulled nor pushed. s = supported / temperature,
    mean over all own cues m of -log(exp s_m / (exp s_m + sum over the others' exp s)); 0 where there is none.
    """
    logits = supported / temperature
    others = logits.masked_fill(own | same, float("-inf")).logsumexp(1, keepdim=True)
    each = torch.logaddexp(logits, others.expand_as(logits)) - logits
    some = own.to(logits.dtype)
    return torch.where(own, each, 0).sum() / some.sum().clamp(min=1)


def both(first: Tensor, second: Tensor) -> Tensor:
    """Logits -> the logit of sigmoid(first) * sigmoid(second)."""
    log = (F.logsigmoid(first) + F.logsigmoid(second)).clamp(max=-1e-6)
    return log - torch.log(-torch.expm1(log))
