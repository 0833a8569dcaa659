"""Serving the page: environment, settings and routes of one Gradio server."""

import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from starlette.middleware import Middleware

from app.people import People
from core import paths
from core.errors import RefavsError

# Gradio shows it as HTML, untranslated: it stands there in both languages.
SIGN_IN = (
    "Sign in to RefAVS Studio with the name and password that you were given."
    '<br><span lang="zh">请用分配给你的用户名和密码登录 RefAVS Studio。</span>'
)


def serve(*, clip: str | None, host: str, port: int, db: str | None, auth: str | None = None) -> None:
    """Serve until interrupted. RefavsError when the clip, the port, the database or the people cannot be used.

    auth: file of people who may sign in; None = whoever can reach the address.
    """
    start = _clip(clip)
    people = _people(auth)
    check_free(host, port)
    inbox = paths.cache_dir() / "uploads"
    shutil.rmtree(inbox, ignore_errors=True)  # left from an earlier run; what was opened lies in the library
    inbox.mkdir(parents=True, exist_ok=True)
    for name, value in {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(inbox),
        # After every queued event Gradio would sum up thousands of past ones.
        "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
        "GRADIO_ANALYTICS_MAX_EVENTS": "1",
        "GRADIO_HEARTBEAT_INTERVAL": "5",
    }.items():
        os.environ[name] = value

    from annotations.database import file_of
    from annotations.store import Store
    from app.drafts import NAME as DRAFTS
    from app.durable import Durable, on_space, volume

    durable = Durable(volume(), store=file_of(db), drafts=paths.data_dir() / DRAFTS)
    restored = durable.restore()
    # before the page, which takes longer: a database that cannot be used is told at once
    store = Store.open(db)
    if restored:
        store.move_videos(restored.home, paths.data_dir())
        print(f"Brought back what was saved by {restored.at:%Y-%m-%d %H:%M:%S} UTC.", file=sys.stderr)

    from app import api, gpu, logs, space_bar, watch
    from app.bearer import HUB_TOKEN, Bearer, HubPeople
    from app.guard import LOOPBACK, Guard
    from app.limits import Waiting, upload_mb
    from app.page import build, launch_settings
    from app.shards import Shards, pusher

    logs.set_up()
    gpu.prepare()
    space = on_space()
    shards = Shards(store, pusher(paths.data_dir() / "shards")) if "REFAVS_DATASET" in os.environ else None
    settings = launch_settings()
    upload_limit = upload_mb() * 2**20
    head = None
    if space or durable.volume:
        head = lambda: space_bar.bar(durable, shards)  # noqa: E731
        settings["css"] += space_bar.CSS
    page, routes = build(
        inbox=inbox, start=start, store=store, head=head, sign_in=space_bar.signs_in() and not people
    )
    # Without a login, a name that leads to this computer from elsewhere must not bring a foreign page in.
    local = host in LOOPBACK and not (people or space)
    middleware = [
        Middleware(watch.Watch),
        Middleware(Guard, hosts=LOOPBACK if local else None, upload_limit=upload_limit, space=space),
        Middleware(Waiting, endpoints=api.numbers(page), waiting=lambda: api.waiting(page)),
    ]
    if people:
        middleware.append(Middleware(Bearer, owner=people.of_token))
    elif space:
        middleware.append(Middleware(Bearer, prefix=HUB_TOKEN, owner=HubPeople()))
    durable.start()
    if shards:
        shards.start()
    if shards or durable.volume:
        _on_end(durable.save)
    page.launch(
        server_name=host,
        server_port=port,
        max_file_size=upload_limit,
        ssr_mode=False,
        share=False,
        run_history=False,
        footer_links=[],
        enable_monitoring=False,
        show_error=True,
        mcp_server=False,
        allowed_paths=[],
        auth=people.verify if people else None,
        auth_message=SIGN_IN if people else None,
        app_kwargs={
            "routes": [*routes, *watch.routes(store, durable.age if durable.volume else None)],
            "middleware": middleware,
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
        **settings,
    )
    if shards:
        shards.stop()
    durable.stop()


def _on_end(save: Callable[[], object]) -> None:
    """When the server is told to end: save first, for little time may be left, then end as with Ctrl+C."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        save()
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)


def _clip(clip: str | None) -> Path | None:
    """The clip to start with, opened once so that a bad one is told before anything is served."""
    if clip is None:
        return None
    from core import media

    return media.open(clip).path


def _people(file: str | None) -> People | None:
    """The people, read once so that a file without any is told before anything is served."""
    if file is None:
        return None
    people = People(Path(file))
    if not people.names:
        raise RefavsError(
            f"{file} names nobody who may sign in; add people with: refavs user add NAME --auth {file}"
        )
    return people


def check_free(host: str, port: int) -> None:
    """Raises RefavsError where another program serves, or none can."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        raise RefavsError(
            f"Cannot serve on {host}:{port} ({getattr(error, 'strerror', None) or error}): "
            "expected a free port; stop the other program or choose another with --port."
        ) from error
