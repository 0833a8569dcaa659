"""Media from afar: s3://, hf:// and https:// as files of this machine, kept in the cache folder.

What a person at the command line names is fetched with the rights of that person. What somebody asks for through
the app goes by `fetch_public`, which reaches http(s) at public addresses alone.
"""

import hashlib
import ipaddress
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from core import paths
from core.errors import MediaError
from core.media.folder import PICTURES

SCHEMES = ("s3", "hf", "https", "http")
VIDEOS = {
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2ts", ".mts", ".ts"),
    *(".flv", ".wmv", ".ogv", ".3gp"),
}
ROOM = 20.0  # GB of fetched files, unless REFAVS_CACHE_GB says otherwise
SPARED = 64  # files used last, which somebody may be reading
PUBLIC_MOST = 2 * 2**30  # bytes of one file that is fetched for the app
PIECE = 2**20
PAGES = {"text/html", "application/xhtml+xml"}
WAITS = (1.0, 4.0)  # seconds before another try
Tell = Callable[[int, int | None], None]  # bytes that came, and bytes in all where that is known
_IN_V6 = [ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96")]  # v4 in the last 4 bytes
_LOCAL_V6 = ipaddress.ip_network("64:ff9b:1::/48")  # v4 addresses of a network's own translator


def is_afar(source: str) -> bool:
    return "://" in source


def sources(source: str) -> list[str]:
    """The clips that a SOURCE names, in order of their names.

    A file is one clip, and so is a folder of frames (pictures in it, or in its folder `frames`); any other
    folder, bucket prefix or dataset stands for every video below it, and a local one for its folders of
    frames too. Raises MediaError: nothing there, no clip in it, no right to look.
    """
    if is_afar(source):
        return _listed(source)
    path = Path(source).expanduser()
    if not path.exists():
        raise MediaError(
            f"There is no {source!r}: expected a video, a folder, or an address; check the name."
        )
    if path.is_file() or _is_frames(path):
        return [source]
    found = sorted(
        each
        for each in path.rglob("*")
        if not any(part.startswith(".") for part in each.relative_to(path).parts)
        and (_is_frames(each) if each.is_dir() else each.suffix.lower() in VIDEOS)
        and not any(_is_frames(above) for above in each.parents if above.is_relative_to(path))
    )
    return [str(each) for each in found] or _none(source)


def local(source: str) -> Path:
    """Where the clip lies on this machine; one from afar is fetched unless the cache has it."""
    return fetch(source) if is_afar(source) else Path(source).expanduser()


def name_of(source: str) -> str:
    """The file's name."""
    if not is_afar(source):
        return Path(source).name
    last = PurePosixPath(unquote(urlsplit(source).path)).name
    return re.sub(r"[^\w.\- ]+", "_", last).lstrip(".")[-120:] or "video"


def fetch(url: str) -> Path:
    """The file behind an address, from the cache when it is the same there still. Raises MediaError."""
    return _fetched(url, public=False, most=None)


def fetch_public(url: str, *, most: int = PUBLIC_MOST, tell: Tell | None = None) -> Path:
    """As `fetch`, for people who are not trusted: http(s) at public addresses, `most` bytes.

    Every connection is made to an address that was looked at, so neither a name that resolves to this
    machine or its network nor a redirect to one gets through. tell: is told how much came, before each try
    and after each piece; what it raises ends the fetching. Raises MediaError.
    """
    check_public(url)
    return _fetched(url, public=True, most=most, tell=tell)


def check_public(url: str) -> None:
    """MediaError when it is no link of the kind that `fetch_public` takes; nothing is asked for."""
    try:
        parts = urlsplit(url)
        right = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        raise MediaError("That is no link; expected one such as https://example.org/clip.mp4.") from None
    if not right:
        raise MediaError(f"A link begins with https:// or http:// and a host; got {_shown(url)[:200]!r}.")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet, not of a private or special range. A machine whose own network
    has addresses of the internet is told apart from others by no one but its firewall.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if any(found in network for network in _IN_V6):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
        if found in _LOCAL_V6:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


class _NotPublic(OSError):
    pass


def _public_socket(found: Any) -> socket.socket:
    """For each connection, after the name was resolved. found: one entry of getaddrinfo."""
    family, kind, protocol, _, address = found
    if not is_public(address[0]):
        raise _NotPublic(f"{address[0]} is no public address")
    return socket.socket(family, kind, protocol)


async def _public_client(**options: Any) -> Any:
    import aiohttp

    options.pop("loop", None)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=_public_socket), **options)


def _system(url: str, *, public: bool = False) -> Any:
    """The fsspec file system of an address."""
    scheme = urlsplit(url).scheme.lower()
    if scheme not in SCHEMES:
        names = ", ".join(f"{name}://" for name in SCHEMES)
        raise MediaError(f"An address begins with {names}; got {_shown(url)!r}.")
    import fsspec

    options: dict[str, Any] = {}
    if scheme in ("http", "https"):
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)
        options = {"client_kwargs": {"timeout": timeout}}
        if public:
            options["get_client"] = _public_client
    try:
        return fsspec.filesystem(scheme, **options)
    except ImportError as error:
        raise MediaError(
            f'{scheme}:// needs {error.name or scheme}: pip install "refavs-studio[s3]".'
        ) from error


def _listed(url: str) -> list[str]:
    scheme = urlsplit(url).scheme.lower()
    system = _system(url)
    if scheme in ("http", "https"):
        return [url]
    try:
        if system.isfile(url):
            return [url]
        found = sorted(path for path in system.find(url) if PurePosixPath(path).suffix.lower() in VIDEOS)
    except Exception as error:
        raise _told(url, error) from error
    return [system.unstrip_protocol(path) for path in found] or _none(url)


def _fetched(url: str, *, public: bool, most: int | None, tell: Tell | None = None) -> Path:
    system = _system(url, public=public)
    for wait in (*WAITS, None):
        try:
            return _kept(system, url, most, tell or (lambda done, total: None))
        except MediaError:
            raise
        except Exception as error:
            if wait is None or not _passing(error):
                raise _told(url, error, public=public) from error
            time.sleep(wait)
    raise AssertionError("unreachable")


def _kept(system: Any, url: str, most: int | None, tell: Tell) -> Path:
    tell(0, None)
    facts = system.info(url)
    marks = (
        "ETag",
        "etag",
        "LastModified",
        "last_modified",
        "Last-Modified",
        "Content-MD5",
        "blob_id",
        "mtime",
        "size",
    )
    about = repr([url, *(str(facts.get(mark)) for mark in marks)])
    root = paths.cache_dir() / "afar"
    path = root / hashlib.sha256(about.encode()).hexdigest()[:32] / name_of(url)
    if path.is_file():
        os.utime(path)  # used last
        return path
    if facts.get("mimetype") in PAGES and PurePosixPath(name_of(url)).suffix.lower() not in VIDEOS:
        raise MediaError(f"{_shown(url)!r} is a web page, no video; expected the link of the file itself.")
    size = facts.get("size")
    if most is not None and size and size > most:
        raise _too_big(url, most)
    root.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=root, prefix="fetching-")
    try:
        with os.fdopen(handle, "wb") as out:
            written = 0
            for piece in _pieces(system, url):
                written += len(piece)
                if most is not None and written > most:
                    raise _too_big(url, most)
                out.write(piece)
                tell(written, size)
        if size and written != size and not facts.get("partial"):
            raise ConnectionError(f"{written} of {size} bytes came")
        path.parent.mkdir(exist_ok=True)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)
    _make_room(root)
    return path


def _pieces(system: Any, url: str) -> Iterator[bytes]:
    options = {"block_size": 0} if url.lower().startswith("http") else {}  # 0 = as a stream
    with system.open(url, "rb", **options) as file:
        while piece := file.read(PIECE):
            yield piece


def _make_room(root: Path) -> None:
    """Take away what was used longest ago, until the rest fits; and what a killed process left half fetched."""
    try:
        room = float(os.environ.get("REFAVS_CACHE_GB", ROOM)) * 1e9
    except ValueError:
        room = ROOM * 1e9
    files = []
    for path in root.glob("*/*"):
        with suppress(OSError):  # another process was quicker
            stat = path.stat()
            files.append((stat.st_mtime, stat.st_size, path))
    for path in root.glob("fetching-*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > 86400:
                path.unlink()
    files.sort(reverse=True)
    total = 0
    for place, (_, size, path) in enumerate(files):
        total += size
        if place >= SPARED and total > room:
            shutil.rmtree(path.parent, ignore_errors=True)


def _is_frames(path: Path) -> bool:
    if not path.is_dir():
        return False
    inner = path / "frames"
    where = inner if inner.is_dir() else path
    return any(each.suffix.lower() in PICTURES and not each.name.startswith(".") for each in where.iterdir())


def _none(source: str) -> list[str]:
    raise MediaError(f"There is no video in {_shown(source)!r}; name a folder or prefix that holds some.")


def _too_big(url: str, most: int) -> MediaError:
    return MediaError(f"{_shown(url)!r} is larger than {most / 2**20:.0f} MB; download it and cut it first.")


def _shown(url: str) -> str:
    """Without what may be a secret."""
    parts = urlsplit(url)
    if not parts.scheme or not is_afar(url):
        return url
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, getattr(each, "os_error", None)]
        waiting += getattr(each, "exceptions", ())


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore's
        return response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return getattr(error, "status", None) or getattr(response, "status_code", None)


def _passing(error: BaseException) -> bool:
    """Whether another try may help."""
    causes = list(_chain(error))
    if any(isinstance(each, (_NotPublic, PermissionError, socket.gaierror)) for each in causes):
        return False
    statuses = [status for each in causes if (status := _status(each))]
    if statuses:
        return all(status == 429 or status >= 500 for status in statuses)
    if isinstance(error, FileNotFoundError) and len(causes) == 1:
        return False
    return any(isinstance(each, (ConnectionError, TimeoutError)) for each in causes) or any(
        type(each).__module__.startswith("aiohttp") for each in causes
    )


def _told(url: str, error: BaseException, *, public: bool = False) -> MediaError:
    """One sentence for what a library said."""
    where, causes = _shown(url), list(_chain(error))
    statuses = {_status(each) for each in causes}
    names = {type(each).__name__ for each in causes}
    if any(isinstance(each, _NotPublic) for each in causes):
        return MediaError(f"{where!r} does not lead to a public address; only such links are opened here.")
    if public and statuses & {401, 403}:
        return MediaError(f"{where!r} is not open to everybody; download it, and upload the file.")
    # S3 answers 400 to a question about a file that comes with an expired token
    refusals = {400, 401, 403} if url.lower().startswith("s3:") else {401, 403}
    if statuses & refusals or "NoCredentialsError" in names or isinstance(error, PermissionError):
        return MediaError(
            f"{where!r} may not be read with the credentials that are here ({_first(causes)}); for s3:// set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for hf:// run `hf auth login`, which also renews a token."
        )
    if 404 in statuses or (isinstance(error, FileNotFoundError) and len(causes) == 1):
        return MediaError(f"There is nothing at {where!r}; check the address.")
    return MediaError(
        f"{where!r} cannot be fetched ({_first(causes)}); check the address and the connection, and try again."
    )


def _first(causes: list[BaseException]) -> str:
    """What the cause at the bottom says."""
    said = [str(each).strip().splitlines()[0] for each in causes if str(each).strip()]
    kept = [words for words in said if "://" not in words] or said  # an address may carry a secret
    return (kept[-1] if kept else type(causes[0]).__name__).rstrip(".")[:200]
