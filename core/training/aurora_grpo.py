"""Stage 2b of AURORA: group-relative policy optimisation, on what its own answers are worth.

Everything that is learnt from was sampled: a token's log-probability is read at the position before that very
token, in the sequence in which it was drawn (`core.systems.aurora.network`: `log_probs`).
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from core.systems.aurora.chain import ChainError, read, read_answer, same
from core.systems.aurora.tokens import Spells
from core.systems.aurora.writing import Reasoning
from core.training.aurora import AuroraTask, Batch, Lessons, Pair, checked, ious

GROUP = 4  # answers to one question
GROUPS = 2  # of a step
TRIES = 3  # times that groups without spread are drawn anew
SPREAD = 0.05  # of the rewards of a group, from which it can be learnt from


@dataclass(frozen=True)
class Reward:
    """Each 0 to 1: of the form, of the category ("Nothing fits." where nothing does), of the mask."""

    format: float
    category: float
    iou: float


def advantages(rewards: Tensor) -> Tensor:
    """rewards [groups, G] -> the same shape: mean 0 and spread 1 in each group; 0 in one without spread."""
    spread = rewards.std(1, keepdim=True)
    even = (rewards - rewards.mean(1, keepdim=True)) / (spread + 1e-4)
    return torch.where(spread > SPREAD, even, 0.0)


def policy_loss(
    log_probs: Tensor, gains: Tensor, there: Tensor, kept: Tensor | None = None, kl: float = 0.0
) -> Tensor:
    """One step on what was just sampled: - mean over answers of the mean over tokens of ratio x advantage.

    log_probs: [N, L] of the sampled tokens; gains: [N]; there: bool [N, L], the tokens that were sampled; kept:
    [N, L], log-probabilities of the stage before; kl: weight of the distance to it, exp(d) - d - 1 with
    d = kept - log_probs (never below 0).
    """
    each = -(log_probs - log_probs.detach()).exp() * gains[:, None]
    if kept is not None and kl:
        apart = kept - log_probs
        each = each + kl * (apart.exp() - apart - 1)
    return ((each * there).sum(1) / there.sum(1).clamp(min=1)).mean()


class GrpoTask(AuroraTask):
    """Rewards of form, category and IoU with the weights of the config; the mask loss goes through [SEG]."""

    def __init__(
        self,
        lessons: Lessons,
        network: Reasoning,
        words: Spells,
        *,
        seed: int = 0,
        batch: int = GROUPS,
    ) -> None:
        super().__init__(lessons, network, words, seed=seed, batch=batch)
        self._before = copy.deepcopy(network).eval().requires_grad_(False)

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        pairs, batch, tokens, rewards, drawn = self._groups(step)
        config = self.network.config
        often = batch.pointed_at(GROUP)
        log_probs, hidden = self.network.log_probs(batch.prefix(self.network).repeated(GROUP), tokens)
        with torch.no_grad():
            self._before.to(self.network.device)
            kept, _ = self._before.log_probs(batch.prefix(self._before).repeated(GROUP), tokens)
        total = torch.tensor([[self._worth(r) for r in group] for group in rewards])
        gains = advantages(total).flatten().to(tokens.device)
        policy = policy_loss(log_probs, gains, tokens[:, 1:] != config.pad, kept, config.kl)
        prompt, pointed = self.network.pointed(hidden, tokens)
        each, _ = self.mask_loss(prompt, often)
        mask = (each * pointed).sum() / pointed.sum().clamp(min=1)
        flat = [r for group in rewards for r in group]
        figures = {
            "reward": float(total.mean()),
            **{
                name: sum(getattr(r, name) for r in flat) / len(flat)
                for name in ("format", "category", "iou")
            },
            "mask": float(mask.detach()),
            "drawn": float(drawn),
        }
        return checked(policy + mask, step, pairs), figures

    def _groups(self, step: int) -> tuple[list[Pair], Batch, Tensor, list[list[Reward]], int]:
        """Questions of this step, their sampled answers [questions * GROUP, L] and rewards; and how many times
        they were drawn until some group had spread.
        """
        for tries in range(TRIES):
            pairs, batch, _ = self.drawn(step, None, tries)
            generator = torch.Generator().manual_seed(TRIES * step + tries)
            tokens = self.sample(batch, generator)
            rewards = self.rewards(pairs, batch, tokens)
            worth = torch.tensor([[self._worth(r) for r in group] for group in rewards])
            if (worth.std(1) > SPREAD).all():
                break
        return pairs, batch, tokens, rewards, tries + 1

    @torch.no_grad()
    def sample(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """GROUP answers to each question, one behind the other: int64 [questions * GROUP, L]."""
        prefix = batch.prefix(self.network).repeated(GROUP)
        think = self.network.config.think
        return self.network.write(prefix, think, temperature=1.0, generator=generator).done().tokens

    @torch.no_grad()
    def rewards(self, pairs: list[Pair], batch: Batch, tokens: Tensor) -> list[list[Reward]]:
        """Of every answer, by question."""
        often = batch.pointed_at(GROUP)
        hidden = self.network.think(batch.prefix(self.network).repeated(GROUP), tokens)
        prompt, pointed = self.network.pointed(hidden, tokens)
        found = self.network.segment(prompt, often.eyes)
        texts = [self.words.text(row.tolist()) for row in tokens]
        points = [bool(p) and not says_null(text) for p, text in zip(pointed, texts, strict=True)]
        found = torch.where(torch.tensor(points, device=found.device)[:, None, None, None], found, -10.0)
        overlap = ious(found, often.masks).mean(1).tolist()
        flat = [
            reward(
                text, bool(tokens[k].eq(self.network.config.end).any()), pairs[k // GROUP].target, overlap[k]
            )
            for k, text in enumerate(texts)
        ]
        return [flat[k : k + GROUP] for k in range(0, len(flat), GROUP)]

    def _worth(self, got: Reward) -> float:
        config = self.network.config
        return config.format * got.format + config.category * got.category + config.iou * got.iou


def says_null(text: str) -> bool:
    try:
        return read_answer(text) is None
    except ChainError:
        return False


def reward(text: str, ended: bool, target: str | None, iou: float) -> Reward:
    """What an answer is worth. target None = nothing fits; iou: of its mask, 1 where both are empty."""
    try:
        read(text)
        form = float(ended)
    except ChainError:
        form = 0.0
    try:
        right = float(same(read_answer(text), target))
    except ChainError:
        right = 0.0
    return Reward(form, right, iou)
