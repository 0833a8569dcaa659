"""Small folders in every layout, made by the writers from moving squares and tones."""

import numpy as np

from core.datasets import avss, clips
from core.datasets.avsbench_write import AvsClip, AvssClip, write_avs, write_avss
from core.datasets.refavs_write import Entry, Window, Writer

SIZE = (48, 64)


def square(k, *, left=4, size=SIZE):
    mask = np.zeros(size, dtype=bool)
    mask[10:30, left + k : left + k + 16] = True
    return mask


def picture(mask, *, seed=0):
    frame = np.full((*mask.shape, 3), (60, 70 + 5 * seed, 90), dtype=np.uint8)
    frame[mask] = (220, 40, 40)
    return frame


def tone(seconds, hertz=440, rate=16000):
    t = np.arange(int(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def refavs_folder(root, *, names=("one", "two")):
    """Two clips of ten frames; each a dog (fid 0), a car (fid 1) and one null expression."""
    with Writer(root) as writer:
        for seed, name in enumerate(names):
            dogs = [square(k) for k in range(10)]
            cars = [square(-k, left=34) for k in range(10)]
            writer.add(
                Window(
                    vid=f"{name}_0_10000",
                    frames=[picture(dog | car, seed=seed) for dog, car in zip(dogs, cars, strict=True)],
                    audio=tone(10, 300 + 200 * seed, 48000),
                    rate=48000,
                    entries=[
                        Entry("dog", 0, dogs, ["The dog that barks.", "The loudest object."], split="test_s"),
                        Entry("car", 1, cars, ["The car on the right."], split="test_s"),
                        Entry("null", 0, None, ["The guitar."], split="test_n"),
                    ],
                )
            )
    return root


def avs_folder(root, subset, *, splits=("train", "test")):
    def made():
        for seed, split in enumerate(splits):
            masks = [square(k) for k in range(5)]
            labelled = 1 if subset == "s4" and split == "train" else 5
            yield AvsClip(
                name=f"clip{seed}",
                split=split,
                frames=[picture(mask, seed=seed) for mask in masks],
                masks=masks[:labelled],
                sound=tone(5, 300 + 100 * seed),
                rate=16000,
                category=("dog_barking", "playing_piano")[seed % 2] if subset == "s4" else None,
            )

    write_avs(root, subset, made())
    return root


def avss_folder(root, *, places=(("v1s", "train"), ("v1s", "test"), ("v1m", "test"), ("v2", "test"))):
    def made():
        for seed, (subset, split) in enumerate(places):
            name = ("dog", "piano", "woman", "car")[seed % 4]
            row = avss.Row(f"vid{seed}", f"vid{seed}_0_9", "0", "0", (name,), split, subset)
            masks = [square(k) for k in range(row.frames)]
            number = avss.CLASSES.index(name)
            yield AvssClip(
                row,
                [picture(mask, seed=seed) for mask in masks],
                [np.where(mask, number, 0).astype(np.uint8) for mask in masks[: row.labelled]],
                tone(row.frames, 300 + 100 * seed),
                16000,
            )

    write_avss(root, made())
    return root


def video_file(path, *, seconds=4, rate=5, sound=True):
    """A small mp4 of the square that moves right, with a tone."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate)
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        track = out.add_stream("aac", rate=16000) if sound else None
        for k in range(seconds * rate):
            frame = av.VideoFrame.from_ndarray(picture(square(k)), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if track is not None:
            samples = av.AudioFrame.from_ndarray(tone(seconds)[None], format="fltp", layout="mono")
            samples.sample_rate = 16000
            samples.pts = 0
            out.mux(track.encode(samples))
            out.mux(track.encode(None))


def clips_folder(root):
    root.mkdir(parents=True, exist_ok=True)
    video_file(root / "a.mp4")
    (root / "b.mp4").write_bytes((root / "a.mp4").read_bytes())
    box = (9 / 64, 10 / 48, 25 / 64, 30 / 48)  # the square at second 1
    late = (14 / 64, 10 / 48, 30 / 64, 30 / 48)  # and at second 2
    rows = [
        clips.Row("a.mp4", "The red square.", {1.0: box, 2.0: late}),
        clips.Row("a.mp4", "The dog that barks.", null=True),
        clips.Row("b.mp4", "The loudest thing.", {1.0: box}),
    ]
    clips.write_labels(root, rows)
    return root
