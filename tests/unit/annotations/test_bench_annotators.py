"""Many people at one PostgreSQL: nothing that was reported saved is lost, and nobody waits for ever."""

import pytest

from annotations import fill
from app.cli.bench_annotators import measure


def nothing_lost(result):
    assert result["errors"] == []
    assert (result["lost"], result["deadlocks"]) == (0, 0)
    assert result["appears_s"]["never"] == 0


def test_a_dozen_annotators_lose_nothing(own_database, monkeypatch):
    monkeypatch.setattr(fill, "SHAPES", 50)
    result = measure(own_database, seconds=1, people=12, pairs=40)
    nothing_lost(result)
    assert result["saves"] >= 12
    assert result["reviews"] > 0


@pytest.mark.slow
def test_fifty_annotators_lose_nothing(own_database):
    result = measure(own_database, seconds=10, people=50, pairs=1000)
    nothing_lost(result)
    assert result["saves"] >= 100
    print(result)
