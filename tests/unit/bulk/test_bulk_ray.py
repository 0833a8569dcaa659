"""The same on a Ray cluster of this machine."""

import os
from pathlib import Path

import pytest
from test_bulk import halved, told

from core import bulk
from core.errors import RefavsError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address():
    pytest.importorskip("ray", reason="needs the extra [ray]")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # its workers find the functions of the tests
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_agent_register_timeout_ms", "300000")  # a busy machine is slow to start it
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
        yield cluster.address
        cluster.shutdown()


def test_what_raises_ends_with_its_sentence_and_the_rest_goes_on(address):
    ended = {each.item: each for each in bulk.run(halved, 2, [4, "shown", 6], ray=address)}
    assert (ended[4].value, ended[6].value, ended["shown"].error) == (2, 3, "Expected a number.")


def test_an_item_whose_worker_is_killed_is_tried_once_more_and_then_given_up(address, tmp_path):
    ended = {each.item: each for each in bulk.run(told, tmp_path, ["a", "once", "deadly"], ray=address)}
    assert "ended 2 times" in ended["deadly"].error
    assert ended["once"].value[0] != os.getpid()
    assert ended["a"].value[1] == "1"


def test_a_cluster_that_is_not_there_is_one_sentence():
    pytest.importorskip("ray", reason="needs the extra [ray]")
    with pytest.raises(RefavsError, match=r"No Ray cluster answers at '127\.0\.0\.1:9'"):
        list(bulk.run(halved, 2, [4], ray="127.0.0.1:9"))
