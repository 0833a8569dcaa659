"""Visual-textual alignment: BERT, called twice, lays what two texts say on the picture's map and on the queries.

Source: SSP (arXiv 2601.08133), whose two outputs are added to "the last visual-decoder features" and normalised. Which
text goes into which call, what is pooled, and whether the features are the pixel decoder's or the queries' is not
published. Here the scene goes into the first call and, place by place, onto the map that masks are made of; what sounds
goes into the second and, as one vector, onto the queries that are named. From the map alone
a short training learns no names.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel


class Alignment(nn.Module):
    """Norm(fine map + Align_1), and Align_2. Both ways back begin at zero: it begins as a norm alone."""

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

    def forward(self, fine: Tensor, coarse: Tensor, scene: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """fine [N, D, H, W]; coarse [N, D, h, w], whose places are the visual tokens; scene, heard: int64 [N, L].

        Returns Norm(fine + W_1 Align_1) [N, D, H, W] and W_2 Align_2 [N, D]: Align_1 = what the first call makes of
        the visual tokens, Align_2 = the mean of what the second makes of the tokens of what sounds.
        """
        size = coarse.shape[-2:]
        seen = self.enter(coarse.flatten(2).transpose(1, 2))  # [N, h * w, inner]
        fused = self._call(seen, scene)[:, : seen.shape[1]]
        refined = self._call(fused, heard)[:, seen.shape[1] :]
        told = heard.ne(self.pad)[..., None].to(refined.dtype)
        second = (refined * told).sum(1) / told.sum(1).clamp(min=1)
        first = self.first(fused).transpose(1, 2).unflatten(2, size)
        first = F.interpolate(first, fine.shape[-2:], mode="bilinear", align_corners=False)
        normed = self.norm((fine + first).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return normed, self.second(second)

    def _call(self, seen: Tensor, numbers: Tensor) -> Tensor:
        """[N, P + L, inner]: visual tokens and text in one sequence, both their attention masks joined."""
        words = self.bert.get_input_embeddings()(numbers)
        there = torch.cat([numbers.new_ones(seen.shape[:2]), numbers.ne(self.pad).long()], 1)
        kinds = torch.cat([numbers.new_zeros(seen.shape[:2]), torch.ones_like(numbers)], 1)
        found: Tensor = self.bert(
            inputs_embeds=torch.cat([seen, words], 1), attention_mask=there, token_type_ids=kinds
        ).last_hidden_state
        return found
