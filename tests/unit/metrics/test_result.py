"""A result says its protocol and its unit wherever it is shown."""

import json
import subprocess
import sys

from core.metrics import Result, table

RESULT = Result("Ref-AVS official", {"j": 34.2, "f": 51.3, "s": None}, 12, 120, {"j": (30.0, 38.5)})


def test_the_table_names_protocol_unit_interval_and_what_was_not_scored():
    lines = table([RESULT]).splitlines()
    assert "percent, 0 to 100" in lines[0]
    assert lines[1].split("  ")[0] == "Ref-AVS official"
    assert "34.20" in lines[1]
    assert "30.00 to 38.50" in lines[1]
    assert "nothing to score" in lines[3]


def test_json_has_the_values_by_name_and_says_protocol_and_unit():
    data = json.loads(json.dumps(RESULT.to_json()))
    assert data["j"] == 34.2
    assert data["s"] is None
    assert data["protocol"] == "Ref-AVS official"
    assert data["unit"] == "percent, 0 to 100"
    assert data["intervals"] == {"j": [30.0, 38.5]}
    assert (data["samples"], data["frames"]) == (12, 120)


def test_scoring_needs_no_torch():
    modules = "core.metrics.refavs, core.metrics.avsbench, core.metrics.semantic, core.metrics.davis"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
