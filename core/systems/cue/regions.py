"""Regions of one picture: superpixels merged step by step into a tree, every node of which may be an object."""

import heapq
from collections.abc import Iterator

import cv2
import numpy as np

from core.systems.cue.colours import lab

SPACING = 8  # pixels between the seeds of the superpixels
SMALLEST, LARGEST = 0.006, 0.5  # share of the picture that a node has


def superpixels(picture: np.ndarray) -> np.ndarray:
    """int32 [h, w], 0 to n - 1: watershed of the colour edges from a grid of seeds."""
    h, w = picture.shape[:2]
    smooth = cv2.bilateralFilter(picture, 5, 25, 3)
    seeds = np.zeros((h, w), np.int32)
    rows, columns = np.arange(SPACING // 2, h, SPACING), np.arange(SPACING // 2, w, SPACING)
    edge = cv2.morphologyEx(
        cv2.cvtColor(smooth, cv2.COLOR_RGB2GRAY), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
    )
    for number, (y, x) in enumerate((int(y), int(x)) for y in rows for x in columns):
        near = edge[y - 2 : y + 3, x - 2 : x + 3]  # a seed slides off an edge
        dy, dx = divmod(int(near.argmin()), near.shape[1])
        seeds[max(y - 2, 0) + dy, max(x - 2, 0) + dx] = number + 1
    cv2.watershed(smooth, seeds)
    lines = seeds <= 0
    for _ in range(3):  # the lines between go to a neighbour
        grown = cv2.dilate(seeds.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
        seeds[lines] = np.maximum(grown, 0)[lines]
        lines = seeds <= 0
    return np.unique(seeds, return_inverse=True)[1].reshape(h, w).astype(np.int32)


def merge_tree(picture: np.ndarray, extra: np.ndarray) -> Iterator[np.ndarray]:
    """bool [h, w] of every node of 0.6 to 50 % of the picture, small ones first.

    The two neighbours whose meeting changes least are merged first (Ward): by colour, and by `extra`
    (float32 [h, w], 0 to 1: figure or ground), that weighs as much as 25 units of Lab.
    """
    labels = superpixels(picture)
    count = int(labels.max()) + 1
    features = np.concatenate([lab(picture) * (0.7, 1.3, 1.3), extra[..., None] * 25], axis=-1).reshape(-1, 4)
    flat = labels.ravel()
    size = np.bincount(flat, minlength=count).astype(float)
    mean = (
        np.stack([np.bincount(flat, features[:, k], count) for k in range(4)], axis=1)
        / np.maximum(size, 1)[:, None]
    )
    nodes: dict[int, tuple[float, np.ndarray, list[int]]] = {i: (size[i], mean[i], [i]) for i in range(count)}
    around: dict[int, set[int]] = {i: set() for i in range(count)}
    for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        for i, j in np.unique(np.stack([a[a != b], b[a != b]], axis=1), axis=0):
            around[int(i)].add(int(j))
            around[int(j)].add(int(i))

    def cost(i: int, j: int) -> float:
        (n, p, _), (m, q, _) = nodes[i], nodes[j]
        return float(np.sqrt(n * m / (n + m)) * np.linalg.norm(p - q))

    heap = [(cost(i, j), i, j) for i in around for j in around[i] if i < j]
    heapq.heapify(heap)
    fresh = count
    while heap:
        _, i, j = heapq.heappop(heap)
        if i not in nodes or j not in nodes:
            continue
        (n, p, own), (m, q, other) = nodes.pop(i), nodes.pop(j)
        nodes[fresh] = (n + m, (n * p + m * q) / (n + m), own + other)
        around[fresh] = (around.pop(i) | around.pop(j)) - {i, j}
        for k in around[fresh]:
            around[k] = (around[k] - {i, j}) | {fresh}
            heapq.heappush(heap, (cost(k, fresh), k, fresh))
        if SMALLEST * labels.size <= n + m <= LARGEST * labels.size:
            chosen = np.zeros(count, bool)
            chosen[own + other] = True
            yield chosen[labels]
        fresh += 1


def worth(
    mask: np.ndarray, figure: np.ndarray, moving: np.ndarray, colour: np.ndarray, bonus: float = 0.0
) -> float:
    """0 to 1: how much a region looks like a thing of its own: it stands out from the ring around it, is in one
    piece of plain outline, and does not fill the border.

    mask: bool [h, w]; figure, moving: float32 [h, w]; colour: int [h, w], cells of colour. bonus: for who
    proposed it.
    """
    h, w = mask.shape
    area = mask.sum() / mask.size
    reach = max(2, round(0.35 * np.sqrt(mask.sum())))
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    ring = (cv2.dilate(mask.astype(np.uint8), shape) > 0) & ~mask
    if not ring.any() or not mask.any():
        return 0.0
    inside, outside = figure[mask].mean(), figure[ring].mean()
    cells = int(colour.max()) + 1
    a, b = (np.bincount(colour[m], minlength=cells) / m.sum() for m in (mask, ring))
    unlike = 1 - np.sqrt(a * b).sum()
    outline = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(outline)))
    solid = min(1.0, mask.sum() / max(hull, 1))
    border = (mask[0].sum() + mask[:, 0].sum() + mask[:, -1].sum() + 0.5 * mask[-1].sum()) / (h + w)
    sized = np.exp(-0.5 * (np.log(max(area, 1e-4) / 0.1) / 1.2) ** 2)  # a thing one talks of: about a tenth
    stands = (
        0.3 * inside + 0.5 * (inside - outside) + 0.25 * moving[mask].mean() + 0.25 * unlike + 0.15 * solid
    )
    return float(np.clip(stands - 0.5 * border, 0, 1) + bonus) * float(0.25 + 0.75 * sized)
