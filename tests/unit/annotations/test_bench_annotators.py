"""Fifty people at one PostgreSQL: nothing that was reported saved is lost, and nobody waits for ever."""

import pytest

from app.cli.bench_annotators import measure


def nothing_lost(result):
    assert result["errors"] == []
    assert (result["lost"], result["deadlocks"]) == (0, 0)
    assert result["appears_s"]["never"] == 0


def test_fifty_annotators_lose_nothing(own_database):
    result = measure(own_database, seconds=3, people=50, pairs=200)
    nothing_lost(result)
    assert result["saves"] >= 50
    assert result["reviews"] > 0


@pytest.mark.slow
def test_fifty_annotators_lose_nothing_for_longer(own_database):
    result = measure(own_database, seconds=30, people=50, pairs=1000)
    nothing_lost(result)
    assert result["saves"] >= 400
    print(result)
