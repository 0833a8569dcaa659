"""Several threads of one network on a machine that is busy with something else."""

import os
import subprocess
import sys

LOADED = "import {}, os; print(os.environ['OMP_WAIT_POLICY'])"


def printed(module, **given):
    kept = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    run = subprocess.run(
        [sys.executable, "-c", LOADED.format(module)], env=kept | given, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_threads_that_wait_for_each_other_sleep_unless_the_user_says_otherwise():
    assert printed("core.segment.nano.segmenter") == "PASSIVE"
    assert printed("core", OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"
