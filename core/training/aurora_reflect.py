"""Stage 2a of AURORA: it reads its own wrong chain, says so, and writes the right one."""

import torch
from torch import Tensor

from core.systems.aurora.chain import SEG, WAIT, ChainError, read, same
from core.training.aurora import AuroraTask, Pair, checked, iou


class ReflectTask(AuroraTask):
    """Its own chains are sampled; where the category is wrong, the answer to learn is that chain up to its
    [SEG], "Wait, let me reconsider." and the right chain. What was wrong is read and not learnt.
    """

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        pairs, batch, _ = self.drawn(step)
        network, config = self.network, self.network.config
        generator = torch.Generator().manual_seed(step)
        with torch.no_grad():
            own = network.write(batch.prefix(network), config.think, temperature=1.0, generator=generator)
            texts = [self.words.text(row.tolist()) for row in own.done().tokens]
        answers = [self.corrected(text, pair) for text, pair in zip(texts, pairs, strict=True)]
        tokens = self.padded([tokens for tokens, _ in answers])
        learnt = tokens[:, 1:] != config.pad
        for row, (_, unlearnt) in zip(learnt, answers, strict=True):
            row[:unlearnt] = False
        log_probs, hidden = network.log_probs(batch.prefix(network), tokens)
        words = -(log_probs * learnt).sum() / learnt.sum()
        prompt, _ = network.pointed(hidden, tokens)
        each, found = self.mask_loss(prompt, batch)
        figures = {
            "words": float(words.detach()),
            "mask": float(each.mean().detach()),
            "iou": iou(found, batch.masks),
            "reconsidered": sum(unlearnt > 0 for _, unlearnt in answers) / len(answers),
        }
        return checked(words + each.mean(), step, pairs), figures

    def corrected(self, text: str, pair: Pair) -> tuple[list[int], int]:
        """The answer to learn behind the text it wrote itself, and how many tokens of it are not learnt."""
        right = self.lessons.chain(pair)
        plain = self.words.answer(right, reasons=True), 0
        try:
            if same(read(text).target, pair.target):
                return plain
        except ChainError:
            return plain
        wrong = self.words.parts(text.split(WAIT)[-1].split(SEG)[0])
        if len(wrong) > self.network.config.chain_length // 2:  # no right one could follow
            return plain
        return self.words.answer(f"{self.words.text(wrong)} {WAIT} {right}", reasons=True), len(wrong)
