"""refavs user: who may sign in to a server that was started with `--auth FILE`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

File = Annotated[
    Path, typer.Option("--auth", metavar="FILE", help="File of people, as `launch.py --auth` reads.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name to sign in with; saved work carries it.")]


def register(cli: typer.Typer) -> None:
    user = typer.Typer(
        help="Who may sign in: names with salted hashes of their passwords.", no_args_is_help=True
    )
    user.command("add")(add)
    user.command("remove")(remove)
    user.command("list")(list_)
    user.command("token")(token)
    cli.add_typer(user, name="user")


def add(name: Name, file: File) -> None:
    """Add a person, or give one a new password (typed twice, or one line of standard input)."""
    from app.people import People

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    People(file).add(name, password)
    print(f"{name} can sign in to a server started with: python launch.py --auth {file}")


def remove(name: Name, file: File) -> None:
    """Take a person out; what they saved keeps their name."""
    from app.people import People

    People(file).remove(name)
    print(f"{name} can sign in no more.")


def token(
    name: Name,
    file: File,
    days: Annotated[int, typer.Option(metavar="N", help="Days that it is good for.")] = 90,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Make all of the person's tokens useless.")
    ] = False,
) -> None:
    """Make a token for a person's scripts: sent as `Authorization: Bearer TOKEN`. It is shown once."""
    from app.people import People

    if revoke:
        print(f"{People(file).drop_tokens(name)} tokens of {name} are of no use any more.")
        return
    print(People(file).give_token(name, days=days))
    print(
        f"Good for {days} days; keep it like a password. A new password for {name} ends it.", file=sys.stderr
    )


def list_(file: File) -> None:
    """Name everybody, one a line."""
    from app.people import People

    for name in People(file).names:
        print(name)
