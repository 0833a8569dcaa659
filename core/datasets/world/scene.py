"""A scene: a script with its puppets, stage and sound, ready to be drawn at any moment."""

from bisect import bisect_right
from functools import cached_property

import cv2
import numpy as np

from core.datasets.world import score
from core.datasets.world.cast import Cast
from core.datasets.world.drawn.colours import floats
from core.datasets.world.drawn.kit import Point, Puppet, State
from core.datasets.world.paint import Canvas, Placed
from core.datasets.world.script import Actor, Script, at, travelled
from core.datasets.world.stage import MARGIN, Stage

PERSON = 0.6  # a person of scale 1 is this share of the frame's height


class Scene:
    """size: (H, W) of the frames. sharp: draw this many times larger and average (for clips that people
    watch).
    """

    def __init__(self, script: Script, cast: Cast, size: tuple[int, int], sharp: int = 1) -> None:
        self.script, self.cast, self.size, self.sharp = script, cast, size, sharp
        self.inner = (size[0] * sharp, size[1] * sharp)
        self.stems, self.off_stems = score.stems(script)
        self.actors = {actor.number: actor for actor in script.actors}
        self.player_of = {a.plays: a.number for a in script.actors if a.plays is not None}
        self.seeds = {a.number: (a.look.seed % 997) / 997 for a in script.actors}

    @cached_property
    def stage(self) -> Stage:
        return self.cast.stages[self.script.stage](self.inner, np.random.default_rng((self.script.seed, 11)))

    @cached_property
    def puppets(self) -> dict[int, Puppet]:
        out = {}
        for actor in self.script.actors:
            largest = max(key.scale for key in actor.path) * (1 + max(self.script.camera.zoom, 0))
            kind = self.cast[actor.cast]
            ppu = max(largest * kind.size * PERSON * self.inner[0], 8.0)
            out[actor.number] = kind.puppet(ppu, actor.look)
        return out

    def sound(self) -> np.ndarray:
        """float32 [n, 2] at 48 kHz: what is heard when nothing was changed."""
        return score.mixed(self.script, self.stems, self.off_stems)

    def room_tone(self) -> np.ndarray:
        """float32 [n, 2]: the place without any of its things' sounds."""
        return score.mixed(self.script, {}, [])

    def frame(self, t: float) -> tuple[np.ndarray, list[np.ndarray]]:
        """(uint8 RGB [H, W, 3], per actor in the order of the script a mask bool [H, W]) at t seconds."""
        canvas = self._draw(t)
        h, w = self.size
        picture = canvas.picture
        cover = canvas.cover
        if self.sharp > 1:
            picture = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)
            cover = (
                np.stack([cv2.resize(c, (w, h), interpolation=cv2.INTER_AREA) for c in cover])
                if len(cover)
                else cover
            )
        if self.script.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), max(self.script.blur * h, 0.1))
        if self.script.dark:
            picture = picture * (1 - self.script.dark)
        shown = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
        return shown, [c >= 0.5 for c in cover]

    def state(self, number: int, t: float) -> State:
        """What the actor does at t; hands not yet placed."""
        actor = self.actors[number]
        walks = self.cast[actor.cast].moves in ("walks", "drives") and len(actor.path) > 1
        stride = travelled(actor.path, t) / self.cast[actor.cast].size * 9.0 if walks else 0.0
        made = self.stems.get(number)
        playing = 0.0
        if actor.plays is not None and actor.plays in self.stems:
            playing = _active(self.stems[actor.plays], t)
        if made is None:
            return State(t=t, stride=stride, seed=self.seeds[number], playing=playing)
        i = bisect_right(made.onsets, t)
        return State(
            t=t,
            level=float(made.envelope[min(int(t * 100), len(made.envelope) - 1)]),
            active=_active(made, t),
            beat=t - made.onsets[i - 1] if i else 9.0,
            count=i,
            stride=stride,
            playing=playing,
            seed=self.seeds[number],
        )

    def _camera(self, t: float) -> np.ndarray:
        """float [3, 3]: pixels of the still view to pixels of the moved one."""
        camera, (h, w) = self.script.camera, self.inner
        share = t / max(self.script.seconds, 1e-6)
        share = share * share * (3 - 2 * share) - 0.5
        zoom = 1 + abs(camera.zoom) * (share + 0.5 if camera.zoom > 0 else 0.5 - share)
        limit = MARGIN * 0.9
        dx = float(np.clip(camera.dx * share, -limit, limit)) * w
        dy = float(np.clip(camera.dy * share, -limit, limit)) * h
        return np.array(
            [
                [zoom, 0, w / 2 * (1 - zoom) - dx * zoom],
                [0, zoom, h / 2 * (1 - zoom) - dy * zoom],
                [0, 0, 1.0],
            ]
        )

    def place(self, number: int, t: float, camera: np.ndarray) -> np.ndarray:
        """float [3, 3]: the actor's units to pixels."""
        actor, (h, w) = self.actors[number], self.inner
        kind = self.cast[actor.cast]
        player = self.player_of.get(number)
        if player is not None and kind.hold is not None:
            hold, body = kind.hold, self.cast[self.actors[player].cast].size
            c, s = np.cos(hold.angle), np.sin(hold.angle)
            ratio = kind.size * hold.size / max(body, 0.86)
            turn = np.array([[c * ratio, -s * ratio, 0], [s * ratio, c * ratio, 0], [0, 0, 1.0]])
            turn[:2, 2] = np.array(self._mouth_or(hold.at, player)) - turn[:2, :2] @ np.array(hold.grip)
            return self.place(player, t, camera) @ turn
        key = at(actor.path, t)
        scale = key.scale * kind.size * PERSON * h
        own = np.array([[scale * actor.facing, 0, key.x * w], [0, scale, key.y * h], [0, 0, 1.0]])
        return camera @ own

    def _mouth_or(self, point: Point, player: int) -> Point:
        """What is blown comes to this player's own mouth; other things to the point given."""
        grips = self.puppets[player].grips(State())
        mouth, chest = grips.get("mouth"), grips.get("chest")
        if mouth is not None and point[1] < -0.75:
            return mouth[0] + point[0], mouth[1] + 0.01
        if chest is not None and point[1] < -0.6:
            return point[0], chest[1] - 0.11
        return point if chest is None else (point[0], chest[1] + (point[1] + 0.56))

    def _draw(self, t: float) -> Canvas:
        h, w = self.inner
        camera = self._camera(t)
        margin = int(np.ceil(MARGIN * max(self.inner)))
        view = camera @ np.array([[1, 0, -margin], [0, 1, -margin], [0, 0, 1.0]])
        picture = cv2.warpAffine(
            self.stage.picture, view[:2], (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        order = [a.number for a in sorted(self.script.actors, key=lambda a: a.depth)]
        numbers = [a.number for a in self.script.actors]
        placed = []
        for number in order:
            if number in self.player_of:
                continue  # drawn with its player
            placed += self._group(number, t, camera, numbers)
        canvas = Canvas(picture, len(numbers))
        canvas.draw(placed, light=floats(self.stage.light), shadow=self.stage.shadow)
        return canvas

    def _group(self, number: int, t: float, camera: np.ndarray, numbers: list[int]) -> list[Placed]:
        actor: Actor = self.actors[number]
        place, state = self.place(number, t, camera), self.state(number, t)
        out = []
        if actor.plays is not None and actor.plays in self.actors:
            other = actor.plays
            other_place, other_state = self.place(other, t, camera), self.state(other, t)
            grips = self.puppets[other].grips(other_state)
            back = np.linalg.inv(place) @ other_place
            hands: list[Point | None] = []
            for name in ("l", "r"):
                if name in grips:
                    hand = back @ (*grips[name], 1.0)
                    hands.append((float(hand[0]), float(hand[1])))
                else:
                    hands.append(None)
            state = State(**{f: getattr(state, f) for f in State.__slots__} | {"hands": tuple(hands)})
            held = self.cast[self.actors[other].cast].hold is not None
            item = Placed(
                numbers.index(other), self.puppets[other], other_place, other_state, number, not held
            )
            out.append(item)
        return [Placed(numbers.index(number), self.puppets[number], place, state, number), *out]


def _active(stem: score.Stem, t: float) -> float:
    """0 to 1: within a stretch of sounding, reached over a tenth of a second."""
    return max(
        (float(np.clip(min(t - a + 0.1, b - t + 0.1) / 0.12, 0, 1)) for a, b in stem.stretches), default=0.0
    )
