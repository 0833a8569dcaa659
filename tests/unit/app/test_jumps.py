"""Where W goes: app/player/js/jumps.js alone."""

import pytest
from in_node import run

WALK = """
import { jumps } from "./jumps.js";
const cells = new Map(CELLS);
const clock = { index: 0, pause() {}, seek(index) { this.index = index; } };
const told = [];
const { worst } = jumps({ model: { active: 1, cells: new Map([[1, cells]]) }, clock, lanes: {}, notice: (words) => told.push(words) });
const result = [];
for (let k = 0; k < 4; k++) { worst(); result.push(clock.index); }
result.push(told.length);
"""
PRESENT, ABSENT = "run lengths", ""


# T27, T29
@pytest.mark.parametrize(
    ("cells", "goes"),
    [
        ({1: (PRESENT, 0, 0.9), 2: (PRESENT, 0, 0.3), 3: (PRESENT, 0, 0.6)}, [2, 3, 1, 2, 0]),
        ({1: (PRESENT, 0, 0.9), 2: (ABSENT, 0, 0.0), 3: (PRESENT, 0, 0.6)}, [2, 3, 1, 2, 0]),  # lost on 2
        ({1: (PRESENT, 0, 0.9), 2: (ABSENT, 0, 0.8), 3: (PRESENT, 1, 0.1)}, [1, 1, 1, 1, 0]),
        ({1: (ABSENT, 1, 0.0), 2: (ABSENT, 0, 1.0)}, [0, 0, 0, 0, 4]),
    ],
)
def test_it_goes_to_the_least_sure_and_to_where_the_mask_was_lost(tmp_path, cells, goes):
    told = [[index, [mask, touched, None, score]] for index, (mask, touched, score) in cells.items()]
    script = WALK.replace("CELLS", str(told).replace("None", "null"))
    assert run(tmp_path, "jumps.js", {"words.js": "export const t = (key) => key;"}, script) == goes
