"""The sample clips that the app shows, rendered from their stories: refavs world OUT --samples."""

import json
from pathlib import Path

from core.datasets.world.cast import DRAWN
from core.datasets.world.film import write_film
from core.datasets.world.scene import Scene
from core.datasets.world.stories import stories

SIZE = (360, 640)


def write_samples(folder: Path) -> list[Path]:
    """Render every sample into `folder` and describe them in samples.json; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for story in stories():
        write_film(Scene(story.script, DRAWN, SIZE, sharp=2), folder / story.file, crf=23)
        out.append(folder / story.file)
    listed = [{"file": s.file, "title": s.title, "expressions": list(s.expressions)} for s in stories()]
    about = folder / "samples.json"
    about.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [*out, about]
