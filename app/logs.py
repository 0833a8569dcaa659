"""Where log lines go: to standard error; for people in a terminal, else one JSON object a line, for machines."""

import json
import logging
import os
import sys
from datetime import UTC, datetime

from app.watch import ERRORS, request_id


def set_up() -> None:
    """REFAVS_LOG=json or text overrides what standard error is."""
    handler = logging.StreamHandler()
    plain = os.environ.get("REFAVS_LOG") or ("text" if sys.stderr.isatty() else "json")
    handler.setFormatter(Text() if plain == "text" else Json())
    handler.addFilter(_count)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("refavs").setLevel(logging.INFO)


def _count(record: logging.LogRecord) -> bool:
    record.request = request_id()
    if record.levelno >= logging.ERROR and record.name.startswith("refavs"):
        ERRORS.inc()
    return True


class Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")


class Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request": getattr(record, "request", None),
            "message": record.getMessage(),
            "trace": self.formatException(record.exc_info) if record.exc_info else None,
        }
        return json.dumps(
            {name: value for name, value in line.items() if value is not None}, ensure_ascii=False
        )
