"""Which pairs the Dataset tab asks for: the same for its list and for an export, as `refavs export` chooses them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from annotations.records import STATUSES, PairFilter
from core.errors import RefavsError

LONGEST = 200  # characters of a word


def selection(request: dict[str, Any]) -> PairFilter:
    """By `annotator`, `status`, `session` (its id), `since` (a moment, ISO 8601) and `text`; "" = any.

    Raises RefavsError for what is none of them.
    """
    status, session, since = (word(request, name) for name in ("status", "session", "since"))
    if status is not None and status not in STATUSES:
        raise RefavsError(f"There is no status {status!r}; choose one of: {', '.join(STATUSES)}.")
    try:
        id = UUID(session) if session else None
        start = datetime.fromisoformat(since).astimezone() if since else None
    except (ValueError, OverflowError):
        raise RefavsError("That session or date cannot be read; choose another one.") from None
    return PairFilter(
        session=id,
        annotator=word(request, "annotator"),
        status=status,
        since=start,
        text=word(request, "text"),
    )


def word(request: dict[str, Any], name: str) -> str | None:
    value = request.get(name)
    return value.strip()[:LONGEST] or None if isinstance(value, str) else None
