"""All that the tabs around the player can ask for, by name."""

from collections.abc import Callable
from typing import Any

from annotations.store import Store
from app.exports import Exports
from app.fetching import Fetching
from app.finding import Finder
from app.library import Library
from app.media_routes import Links
from app.studio import in_words
from app.tabs.dataset import Dataset
from app.tabs.exchange import Exchange
from app.tabs.gallery import gallery
from app.tabs.review import Review
from app.tabs.systems import systems

Answer = dict[str, Any]
Act = Callable[[Answer, str | None], Answer]


class Tabs:
    """One for the server. Requests are {"do": name, ...}; answers plain data."""

    def __init__(
        self,
        *,
        store: Store,
        library: Library,
        links: Links,
        exports: Exports,
        finder: Finder | None = None,
    ) -> None:
        finder = finder or Finder(store, library)
        review = Review(store, library, links, finder)
        dataset = Dataset(store, library, links, finder.clip_in_hand)
        exchange = Exchange(store, library, exports)
        self.fetching = Fetching(library)
        self._acts: dict[str, Act] = {
            "gallery": lambda request, person: gallery(library, links),
            "pairs": lambda request, person: dataset.pairs(request),
            "statistics": lambda request, person: dataset.statistics(),
            "export dataset": exchange.export,
            "import dataset": exchange.import_,
            "exchange": exchange.state,
            "review waiting": review.waiting,
            "review work": review.work,
            "review next": review.next,
            "review agreement": review.agreement,
            "submit drafts": review.submit_drafts,
            "fetch": lambda request, person: {"fetch": self.fetching.begin(request.get("link"))},
            "fetched": lambda request, person: {**self.fetching.state(request.get("fetch"))},
            "stop fetching": self._stop_fetching,
            "systems": lambda request, person: systems(),
            "person": lambda request, person: {"person": person},
        }

    def _stop_fetching(self, request: Answer, person: str | None) -> Answer:
        self.fetching.cancel(request.get("fetch"))
        return {}

    def knows(self, request: Any) -> bool:
        return isinstance(request, dict) and str(request.get("do")) in self._acts

    def ask(self, request: Answer, person: str | None) -> Answer:
        """{"ok": True, ...} or {"ok": False, "error": sentence}."""
        try:
            return {"ok": True, **self._acts[str(request["do"])](request, person)}
        except Exception as error:
            return {"ok": False, "error": in_words(error)}
