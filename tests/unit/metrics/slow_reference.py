"""The formulas in torch, pixel by pixel and threshold by threshold, with no regard for speed."""

import torch

EPS = 1e-7


def f_curve(p, g):
    """float32 [255] of one frame: p probabilities, g 0/1, both [H, W]."""
    curve = torch.zeros(255)
    for i, t in enumerate(torch.linspace(0, 1 - 1e-10, 255)):
        positive = (p >= t).float()
        hit = (positive * g).sum()
        precision = hit / (positive.sum() + 1e-20)
        recall = hit / (g.sum() + 1e-20)
        f = 1.3 * precision * recall / (0.3 * precision + recall)
        curve[i] = 0.0 if torch.isnan(f) else f
    return curve


def f_batch(p, g):
    """Best mean F of the frames that have a target; 0 when none has. p, g: [frames, H, W]."""
    curves = [f_curve(p[k], g[k]) for k in range(len(p)) if g[k].mean() != 0]
    return torch.stack(curves).mean(dim=0).max().item() if curves else 0.0


def j_batch(p, g, threshold):
    total = 0.0
    for k in range(len(p)):
        on = (p[k] > threshold).float()
        if g[k].sum() == 0:
            inter, union = ((1 - g[k]) * (1 - on)).sum(), torch.tensor(float(on.numel()))
        else:
            inter, union = (on * g[k]).sum(), torch.maximum(on, g[k]).sum()
        total += (inter / (union + EPS)).item()
    return total / len(p)


def s_batch(p):
    return torch.sqrt((p > 0.5).float().sum() / p.numel()).item()


def batches(samples, size):
    """samples: list of (p, g) arrays [frames, H, W]; yields the frames of `size` samples as one batch."""
    for at in range(0, len(samples), size):
        group = samples[at : at + size]
        yield (
            torch.cat([torch.from_numpy(p) for p, _ in group]),
            torch.cat([torch.from_numpy(g) for _, g in group]).float(),
        )


def mean_over_batches(samples, size, score):
    values = [score(p, g) for p, g in batches(samples, size)]
    return sum(values) / len(values)


def semantic(answers, labels, classes=71):
    """(sum of IoU, sum of F, frames seen) a class over frames of class pictures."""
    iou, f, seen = torch.zeros(3, classes, dtype=torch.float64)
    for answer, label in zip(answers, labels, strict=True):
        for c in range(classes):
            a, b = (torch.from_numpy(answer) == c), (torch.from_numpy(label) == c)
            union = (a | b).sum()
            if union == 0:
                continue
            seen[c] += 1
            hit = (a & b).sum().double()
            iou[c] += hit / union
            precision, recall = hit / a.sum(), hit / b.sum()
            value = 1.3 * precision * recall / (0.3 * precision + recall)
            f[c] += 0.0 if torch.isnan(value) else value
    return iou, f, seen
