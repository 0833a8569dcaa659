"""refavs export and refavs import, as a person types them."""

import subprocess
import sys
from pathlib import Path

import pytest
from store_desk import Desk, mask
from typer.testing import CliRunner

from annotations.records import ObjectEdit
from app.cli import exchange
from core.datasets.refavs import Dataset
from core.errors import RefavsError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run():
    import typer

    cli = typer.Typer()
    exchange.register(cli)

    def call(*words: object) -> tuple[str, str]:
        done = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return done.stdout, done.stderr

    return call


@pytest.fixture
def full(desk: Desk) -> Desk:
    masks = {i: mask(i) for i in range(124)}
    objects = [ObjectEdit(desk.stored.id, "dog", masks, "system")]
    save = desk.store.save_pair
    save(
        desk.session, desk.clip.id, desk.stored.id, expression="The dog.", objects=objects, status="submitted"
    )
    save(desk.session, desk.clip.id, desk.clip.id, expression=None)
    return desk


def test_export_and_import_print_their_counts(full, url, run, tmp_path):
    out, told = run("export", tmp_path / "out", "--format", "refavs", "--db", url)
    assert "2 rows in 2 folders, from 1 of 2 pairs; 1 left out." in out
    assert "it has no expression yet" in told
    assert len(Dataset(tmp_path / "out")) == 2
    out, told = run("import", tmp_path / "out", "--db", f"sqlite:///{tmp_path / 'new.db'}")
    assert "2 rows; 2 imported into 2 clips, 0 were there already, 0 skipped." in out
    assert told == ""


def test_export_selects_by_its_options(full, url, run, tmp_path):
    chosen = (
        "--session",
        full.session,
        "--annotator",
        "Ann",
        "--status",
        "submitted",
        "--since",
        "2020-01-31",
    )
    out, _ = run("export", tmp_path / "out", "--db", url, *chosen)
    assert "from 1 of 1 pairs" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "laserdisc"], "no format 'laserdisc'"),
        (["--status", "done"], "no status 'done'"),
        (["--session", "mine"], "id of a session"),
        (["--since", "yesterday"], "Expected a date"),
        (["--annotator", "Nobody"], "nothing to export"),
        (["--since", "2999-01-01"], "nothing to export"),
        (["--db", "work.db"], "Expected a database URL"),
    ],
)
def test_wrong_options_are_told_and_write_nothing(full, url, run, tmp_path, words, said):
    before = set(tmp_path.iterdir())
    db = [] if "--db" in words else ["--db", url]
    with pytest.raises(RefavsError, match=said):
        run("export", tmp_path / "out", *db, *words)
    assert set(tmp_path.iterdir()) == before


def test_bad_input_ends_with_status_2_and_one_line(tmp_path):
    line = f"from app.cli import main; import sys; sys.argv = ['refavs', 'import', {str(tmp_path)!r}]; main()"
    done = subprocess.run([sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Ref-AVS layout" in done.stderr
