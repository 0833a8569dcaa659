"""python launch.py [CLIP]: serve RefAVS Studio and open a clip in it."""

import argparse
import os
import sys


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="launch.py",
        description="RefAVS Studio: refer to things in videos by look and sound, grow the benchmark.",
    )
    parser.add_argument("clip", nargs="?", metavar="CLIP", help="video to open (default: a sample clip)")
    parser.add_argument("--host", default=None, help="address to serve on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=None, help="port to serve on (default: 7860)")
    parser.add_argument(
        "--db", metavar="URL", help="database (default: refavs.db in the user's data directory)"
    )
    parser.add_argument(
        "--auth",
        metavar="FILE",
        help="people who may sign in, made with: refavs user add NAME --auth FILE (default: no login)",
    )
    parser.add_argument(
        "--desktop", action="store_true", help="show it in a window of its own; closing it ends the server"
    )
    options = parser.parse_args()
    # A hosting platform names the address by environment, as Gradio reads it.
    host = options.host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = options.port or int(os.environ.get("GRADIO_SERVER_PORT") or 7860)

    if options.desktop:
        from app.desktop import free_port, show

        rest = [argument for argument in sys.argv[1:] if argument != "--desktop"]
        launch = [sys.executable, os.path.abspath(__file__), *rest]
        return show(launch, host=host, port=options.port or free_port(host))

    from core.errors import RefavsError

    try:
        from app.serve import serve

        serve(clip=options.clip, host=host, port=port, db=options.db, auth=options.auth)
    except RefavsError as error:
        print(f"launch.py: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
