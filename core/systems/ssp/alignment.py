"""Visual-textual alignment: BERT, called twice, lays what two texts say on the picture's map.

Source: SSP (arXiv 2601.08133). Which text goes into which call, what is pooled, and how wide the ways in and out are
is not published: here the scene goes into the first call, what sounds into the second.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel


class Alignment(nn.Module):
    """fine map + Align_1 + Align_2, normalised. Both ways back begin at zero: it begins as a norm alone."""

    def __init__(self, config: BertConfig, width: int) -> None:
        super().__init__()
        inner = config.hidden_size
        self.pad = int(config.pad_token_id or 0)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.enter = nn.Linear(width, inner)
        self.first = nn.Linear(inner, width)
        self.second = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width)
        for way in (self.first, self.second):
            nn.init.zeros_(way.weight)
            nn.init.zeros_(way.bias)

    def forward(self, fine: Tensor, coarse: Tensor, scene: Tensor, heard: Tensor) -> Tensor:
        """fine [N, D, H, W]; coarse [N, D, h, w], whose places are the visual tokens; scene, heard: int64 [N, L].

        Returns [N, D, H, W] = Norm(fine + W_1 Align_1 + W_2 Align_2): Align_1 = what the first call makes of the
        visual tokens, Align_2 = the mean of what the second makes of the tokens of what sounds.
        """
        size = coarse.shape[-2:]
        seen = self.enter(coarse.flatten(2).transpose(1, 2))  # [N, h * w, inner]
        fused = self._call(seen, scene)[:, : seen.shape[1]]
        refined = self._call(fused, heard)[:, seen.shape[1] :]
        told = heard.ne(self.pad)[..., None].to(refined.dtype)
        second = (refined * told).sum(1) / told.sum(1).clamp(min=1)
        first = self.first(fused).transpose(1, 2).unflatten(2, size)
        first = F.interpolate(first, fine.shape[-2:], mode="bilinear", align_corners=False)
        joined = fine + first + self.second(second)[:, :, None, None]
        normed: Tensor = self.norm(joined.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return normed

    def _call(self, seen: Tensor, numbers: Tensor) -> Tensor:
        """[N, P + L, inner]: visual tokens and text in one sequence, both their attention masks joined."""
        words = self.bert.get_input_embeddings()(numbers)
        there = torch.cat([numbers.new_ones(seen.shape[:2]), numbers.ne(self.pad).long()], 1)
        kinds = torch.cat([numbers.new_zeros(seen.shape[:2]), torch.ones_like(numbers)], 1)
        found: Tensor = self.bert(
            inputs_embeds=torch.cat([seen, words], 1), attention_mask=there, token_type_ids=kinds
        ).last_hidden_state
        return found
