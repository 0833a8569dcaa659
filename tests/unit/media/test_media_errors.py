"""Files that cannot be used are named in one sentence; files that are merely odd open."""

from types import MappingProxyType

import makers
import numpy as np
import pytest

import core.media as media
from core.errors import MediaError


def refused(path, capfd) -> str:
    with pytest.raises(MediaError) as error:
        media.open(path)
    message = str(error.value)
    assert path.name in message
    assert "expected" in message
    assert "\n" not in message
    assert capfd.readouterr().err == ""
    return message


def test_a_missing_file(tmp_path, capfd):
    assert "no file" in refused(tmp_path / "gone.mp4", capfd)


def test_an_empty_file(tmp_path, capfd):
    (tmp_path / "a.mp4").write_bytes(b"")
    assert "0 bytes" in refused(tmp_path / "a.mp4", capfd)


def test_text_renamed_to_mp4(tmp_path, capfd):
    (tmp_path / "a.mp4").write_text("not a video\n" * 1000)
    assert "cannot be read as a video" in refused(tmp_path / "a.mp4", capfd)


def test_a_playlist_that_names_other_files_is_not_followed(tmp_path, capfd):
    real = makers.make_clip(tmp_path / "real.ts", frames=12)
    (tmp_path / "a.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{real}\n#EXT-X-ENDLIST\n")
    refused(tmp_path / "a.mp4", capfd)
    (tmp_path / "b.mp4").write_text(f"ffconcat version 1.0\nfile {real}\n")
    refused(tmp_path / "b.mp4", capfd)


def test_sound_without_pictures(tmp_path, capfd):
    wav = makers.write_wav(tmp_path / "a.wav", makers.tone(0.5), 48000)
    assert "only sound" in refused(wav, capfd)
    wav.rename(tmp_path / "b.mp4")
    assert "only sound" in refused(tmp_path / "b.mp4", capfd)


def test_a_file_cut_off_before_its_index(tmp_path, capfd):
    path = makers.make_clip(tmp_path / "a.mp4", frames=30)
    path.write_bytes(path.read_bytes()[:200])
    refused(path, capfd)


def test_a_file_with_its_index_but_no_whole_frame(tmp_path, capfd):
    path = makers.make_clip(tmp_path / "a.mp4", frames=30)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 100])
    refused(path, capfd)


def test_folders_without_usable_frames(tmp_path, capfd):
    (tmp_path / "empty").mkdir()
    assert "holds no frames" in refused(tmp_path / "empty", capfd)
    folder = makers.make_folder(tmp_path / "broken", frames=3)
    (folder / "frames" / "1.jpg").write_text("no picture")
    with pytest.raises(MediaError, match=r"1\.jpg"):
        media.open(folder)


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv"])
def test_a_truncated_video_has_the_frames_that_decode(tmp_path, capfd, name):
    path = makers.make_clip(tmp_path / name, frames=60, options=makers.PLAIN, sound=makers.tone(2.4))
    video = media.open(makers.cut_off(path, 0.6))
    assert 10 < len(video) < 60
    clip = video.clip()
    assert [makers.read_barcode(frame) for frame in clip.frames()] == list(range(len(video)))
    assert makers.read_barcode(clip.frame(len(video) - 1)) == len(video) - 1
    assert makers.read_barcode(clip.frame(3)) == 3
    assert len(clip.audio(8000)) == round(clip.duration * 8000)
    assert capfd.readouterr().err == ""


def test_damage_in_the_middle_leaves_every_order_the_same(tmp_path, capfd):
    path = makers.make_clip(tmp_path / "a.mp4", frames=60, options=makers.B_FRAMES)
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 400] = np.random.default_rng(0).integers(0, 256, 400, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    video = media.open(path)
    sequence = list(video.clip().frames())
    assert len(sequence) == len(video) > 40
    for i in np.random.default_rng(1).permutation(len(video)).tolist():
        assert np.array_equal(video.clip().frame(i), sequence[i])
    assert capfd.readouterr().err == ""


def test_one_frame_is_a_video(tmp_path):
    video = media.open(makers.make_clip(tmp_path / "a.mp4", frames=1))
    assert len(video) == 1
    assert video.duration > 0
    assert video.index_at(99) == video.nearest(99) == video.nearest(-1) == 0
    assert makers.read_barcode(video.clip().frame(0)) == 0


def test_odd_names_work(tmp_path):
    for name in ("ça va 犬 🐕.mp4", 'it\'s "quoted".mp4', "100%d #1 & ?.mp4", "-a:b.mp4"):
        path = makers.make_clip(tmp_path / name, frames=12, sound=makers.tone(0.5))
        assert makers.read_barcode(media.open(path).clip().frame(7)) == 7
        assert media.open(path).clip().audio(8000) is not None


def test_a_file_that_goes_away_is_told_in_one_sentence(tmp_path):
    path = makers.make_clip(tmp_path / "a.mp4", frames=12, sound=makers.tone(0.5))
    clip = media.open(path).clip()
    path.unlink()
    with pytest.raises(MediaError, match=r"a\.mp4"):
        clip.frame(3)
    with pytest.raises(MediaError, match=r"a\.mp4"):
        clip.audio(8000)


class OldFrame:
    """A frame as PyAV gave it before it told of display matrices."""


class Contradicting:
    """A frame that is said to be turned, without its matrix."""

    rotation = 90
    side_data = MappingProxyType({})


@pytest.mark.parametrize("frame", [OldFrame(), Contradicting()])
def test_a_turn_that_cannot_be_read_is_never_taken_for_upright(frame):
    from core.media.probe import turn

    with pytest.raises(MediaError, match="PyAV"):
        turn(frame)


def test_mirrored_and_turned_matrices_are_read(tmp_path):
    import struct

    from core.media.probe import turn

    one = 1 << 16
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)

    def shown(a, b, c, d):
        class Frame:
            def __init__(self):
                self.side_data = {"DISPLAYMATRIX": struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)}

        return turn(Frame())

    assert shown(one, 0, 0, one).degrees == 0
    assert shown(0, one, -one, 0).degrees == 90
    assert shown(0, one, -one, 0).upright(picture).tolist() == np.rot90(picture, -1).tolist()
    assert shown(-one, 0, 0, one).upright(picture).tolist() == picture[:, ::-1].tolist()
    assert shown(one, 0, 0, -one).upright(picture).tolist() == picture[::-1].tolist()
    assert shown(0, one, one, 0).upright(picture).tolist() == picture.T.tolist()
