"""What a lost connection broke off is done again, where that cannot do it twice."""

import inspect
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import uuid4

from annotations.records import UnreachableError

PAUSES = (0.1, 0.4, 1.0, 2.0, 4.0)  # seconds; a server that is started again is there within them
OWN_IDS = ("change", "id")  # of a save, made by the client: known to the store, it changes nothing

T = TypeVar("T")


def done_again(room: type[T]) -> type[T]:
    """Class decorator: a public method that ends in UnreachableError is called again, for a few seconds.

    What takes an id of its own (`change` or `id`) gets one when the caller gave none, so that a save in doubt is
    safe to send again; anything else is not sent again when it is in doubt.
    """
    for name, method in list(vars(room).items()):
        if inspect.isfunction(method) and not name.startswith("_"):
            setattr(room, name, _done_again(method))
    return room


def _done_again(method: Callable[..., Any]) -> Callable[..., Any]:
    own = next((name for name in OWN_IDS if name in inspect.signature(method).parameters), None)

    @wraps(method)
    def call(*args: Any, **named: Any) -> Any:
        if own and named.get(own) is None:
            named[own] = uuid4()
        for pause in PAUSES:
            try:
                return method(*args, **named)
            except UnreachableError as error:
                if error.in_doubt and not own:
                    raise
                time.sleep(pause)
        return method(*args, **named)

    return call
