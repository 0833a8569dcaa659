"""Networks as `refavs train` saves them, made ready to answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from transformers import PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from core.errors import RefavsError

Network = TypeVar("Network", bound=PreTrainedModel)


def saved_network(
    folder: Path,
    *kinds: type[Network],
    name: str,
    command: str,
    check: Callable[[Network], None] = lambda _: None,
) -> Network:
    """The network in `folder`, whose config.json says which of the kinds it is; float32, without gradients.

    name: as in "Expected an EEMC's config.json"; command: what trains it. check: raises ValueError with the reason why
    a network does not fit. Raises RefavsError when the folder cannot be used.
    """
    disable_progress_bar()  # it would write over the command's own lines
    try:
        said = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
        known = {kind.config_class.model_type: kind for kind in kinds if kind.config_class}
        if said not in known:
            raise ValueError(f"its config.json is of {said!r}")
        network: Network = known[said].from_pretrained(folder)
        check(network)
    except (OSError, ValueError, AttributeError, RuntimeError) as error:
        raise RefavsError(
            f"Expected {name}'s config.json, model.safetensors and tokenizer.json in {folder}; they cannot be "
            f"used ({str(error).splitlines()[0]}). Name a folder saved by `refavs train {command}`."
        ) from None
    return network.float().eval().requires_grad_(False)
