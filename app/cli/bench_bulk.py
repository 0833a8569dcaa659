"""refavs bench bulk: what a second worker is worth, and what Ray costs."""

from typing import Annotated, Any

import typer

SENTENCE = "The object making a sound."
MODES = {  # workers, threads of each
    "one worker, one thread": (1, 1),
    "one worker, two threads": (1, 2),
    "two workers, one thread each": (2, 1),
}
ON_RAY = "two workers on Ray, one thread each"


def register(bench: typer.Typer) -> None:
    bench.command("bulk")(bulk)


def bulk(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Clips, as for prelabel.")],
    system: Annotated[str, typer.Option(metavar="NAME", help="Who answers.")] = "cue",
    limit: Annotated[int, typer.Option(min=1, help="At most so many clips.")] = 100,
    ray: Annotated[bool, typer.Option(help="Measure Ray too, where it is installed.")] = True,
) -> None:
    """Seconds to answer one sentence on every clip: by one worker and by two, with start and end of the workers.

    Nothing is stored, and nothing that was seen of a clip before is used. Each mode runs twice, one after the other
    in turn; the quicker run counts.
    """
    import json
    import sys
    from importlib.util import find_spec

    from app.cli.bench_common import machine, spread
    from app.prelabelling import Order, Wanted
    from core import registry
    from core.media import afar

    registry.check_system(system)
    order = Order(registry.full_name(system), None, "0" * 64, frozenset())
    wanted = [Wanted(clip, (SENTENCE,)) for clip in spread(afar.sources(source), limit)]
    with_ray = ray and find_spec("ray") is not None
    best: dict[str, float] = {}
    for _ in range(2):
        for name, (workers, threads) in MODES.items():
            print(name, file=sys.stderr, flush=True)
            best[name] = min(_measure(order, wanted, workers, threads), best.get(name, 1e9))
        if with_ray:
            print(ON_RAY, file=sys.stderr, flush=True)
            best[ON_RAY] = min(_on_ray(order, wanted), best.get(ON_RAY, 1e9))
    one, threaded, two = (best[name] for name in MODES)
    print("| mode | seconds | clips a minute |\n|---|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {seconds:.1f} | {60 * len(wanted) / seconds:.1f} |")
    if not with_ray:
        print(f"| {ON_RAY} | not run | |")
    print(f"\n{len(wanted)} clips, system {order.system}; {machine()}")
    result: dict[str, Any] = {
        "system": order.system,
        "clips": len(wanted),
        "seconds": {name: round(seconds, 2) for name, seconds in best.items()},
        "two_workers_to_one": round(one / two, 3),
        "two_workers_to_two_threads": round(threaded / two, 3),
        "ray_overhead_share": round(100 * (best[ON_RAY] / two - 1), 1) if with_ray else None,
    }
    print(json.dumps(result))


def _measure(order: Any, wanted: list[Any], workers: int, threads: int, ray: str | None = None) -> float:
    """Seconds. Answers that fail are an error: they would be quick."""
    import os
    import tempfile
    from time import perf_counter

    from app.prelabelling import answer
    from core import bulk
    from core.errors import RefavsError

    before = os.environ.get("REFAVS_CACHE_DIR")
    with tempfile.TemporaryDirectory(prefix="refavs-bench-") as cache:
        os.environ["REFAVS_CACHE_DIR"] = cache
        begin = perf_counter()
        try:
            for ended in bulk.run(answer, order, wanted, workers=workers, threads=threads, ray=ray):
                for each in ended.result().answers:
                    if each.error:
                        raise RefavsError(f"{ended.item.source}: {each.error}")
        finally:
            if before is None:
                del os.environ["REFAVS_CACHE_DIR"]
            else:
                os.environ["REFAVS_CACHE_DIR"] = before
        return perf_counter() - begin


def _on_ray(order: Any, wanted: list[Any]) -> float:
    """On a cluster of this machine that is started before and ended after."""
    import os
    import tempfile

    from ray.cluster_utils import Cluster

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with tempfile.TemporaryDirectory(prefix="refavs-bench-") as cache:
        before = os.environ.get("REFAVS_CACHE_DIR")
        os.environ["REFAVS_CACHE_DIR"] = cache  # its workers have the environment that it is started with
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
        try:
            return _measure(order, wanted, 2, 1, cluster.address)
        finally:
            cluster.shutdown()
            if before is None:
                del os.environ["REFAVS_CACHE_DIR"]
            else:
                os.environ["REFAVS_CACHE_DIR"] = before
