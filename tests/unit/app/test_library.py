import hashlib

import makers
import pytest

from app.library import Library, clean_name
from core.errors import MediaError


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox" / "hash"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def library(inbox):
    return Library(inbox.parent)


def test_upload_is_moved_under_its_sha256(library, inbox):
    upload = makers.make_clip(inbox / "upload.mp4", frames=5)
    digest = hashlib.sha256(upload.read_bytes()).hexdigest()
    source = library.take(str(upload), "../My Dog.MP4")
    assert source.path == library.folder / f"{digest}.mp4"
    assert source.path.is_file()
    assert not upload.exists()
    assert source.name == "My Dog.MP4"
    assert library.source(source.key) == source
    assert library.of_file(source.path, digest) == source


def test_same_upload_again_is_kept_once(library, inbox):
    first = library.take(str(makers.make_clip(inbox / "a.mp4", frames=5)), "a.mp4")
    second = library.take(str(makers.make_clip(inbox / "b.mp4", frames=5)), "b.mkv")
    assert first.path == second.path
    assert len(list(library.folder.glob("*.*"))) == 1


def test_upload_that_is_no_video_is_refused_under_its_own_name_and_not_kept(library, inbox):
    path = inbox / "upload"
    path.write_text("no video")
    with pytest.raises(MediaError, match=r"'holiday\.mp4' cannot be read"):
        library.take(str(path), "holiday.mp4")
    assert not path.exists()
    assert list(library.folder.iterdir()) == []


@pytest.mark.parametrize("path", ["/etc/passwd", "", "../outside.mp4"])
def test_file_that_was_not_uploaded_is_not_taken(library, path):
    with pytest.raises(MediaError, match="did not arrive"):
        library.take(path, "x.mp4")


def test_link_out_of_the_inbox_is_not_taken(library, inbox, tmp_path):
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"secret")
    (inbox / "link.mp4").symlink_to(outside)
    with pytest.raises(MediaError, match="did not arrive"):
        library.take(str(inbox / "link.mp4"), "x.mp4")
    assert outside.exists()


def test_samples_have_titles_and_sentences(library):
    assert library.start == library.samples[0]
    for sample in library.samples:
        assert sample.path.is_file()
        assert sample.expressions
        assert library.source(sample.key) == sample


@pytest.mark.parametrize("key", ["", "sample:none.mp4", "../../etc/passwd", "0" * 64])
def test_unknown_source_is_told(library, key):
    with pytest.raises(MediaError, match="not here any more"):
        library.source(key)


def test_names_lose_folders_and_control_characters():
    assert clean_name("C:\\videos\\a\x00b\n.mp4") == "ab.mp4"
    assert clean_name("../../犬.mp4") == "犬.mp4"
    assert clean_name("\n") == "video"
