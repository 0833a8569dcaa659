"""Many people at one PostgreSQL: nothing that was reported saved is lost, and nobody waits for ever."""

import pytest

from annotations import fill
from app.cli.bench_annotators import measure


def nothing_lost(result):
    assert result["errors"] == []
    assert (result["lost"], result["deadlocks"]) == (0, 0)
    assert result["appears_s"]["never"] == 0


def test_fifty_annotators_lose_nothing_in_ten_seconds(own_database, monkeypatch):
    monkeypatch.setattr(fill, "SHAPES", 50)
    result = measure(own_database, seconds=10, people=50, pairs=100)
    nothing_lost(result)
    assert result["saves"] >= 50
    assert result["reviews"] > 0
    print({name: result[name] for name in ("saves", "save_ms", "reviews", "review_ms", "appears_s")})


@pytest.mark.slow
def test_fifty_annotators_lose_nothing_in_two_minutes(own_database):
    result = measure(own_database, seconds=120, people=50, pairs=1000)
    nothing_lost(result)
    assert result["saves"] >= 1500
    print(result)
