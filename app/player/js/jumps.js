// Where to look next: frames of the active object that were touched, or are least sure; where a sound begins.

import { t } from "./words.js";

export function jumps({ model, clock, lanes, notice }) {
    const here = () => clock.wanted ?? clock.index;

    function go(indices, forward, nothing) {
        const sorted = [...indices].sort((a, b) => a - b);
        const found = forward ? sorted.find((index) => index > here()) ?? sorted[0]
            : sorted.findLast((index) => index < here()) ?? sorted.at(-1);
        clock.pause();
        if (found === undefined) notice(nothing);
        else clock.seek(found);
    }

    const own = () => [...(model.cells.get(model.active) ?? [])];
    return {
        touched: (forward) => go(own().filter(([, cell]) => cell[1]).map(([index]) => index), forward, t("jump.touched")),
        onset: (forward) => go(lanes.onsets.map((time) => clock.at(clock.pts[clock.first] + time)), forward, t("jump.onset")),
        // The least sure first; again and again on to the next one. Without a pixel: where the mask ran away.
        worst: () => {
            const unsure = own().filter(([, cell]) => (cell[0] || cell[3] === 0) && !cell[1]).sort((a, b) => a[1][3] - b[1][3] || a[0] - b[0]);
            const at = unsure.findIndex(([index]) => index === here());
            clock.pause();
            if (unsure.length) clock.seek(unsure[(at + 1) % unsure.length][0]);
            else notice(t("jump.unsure"));
        },
    };
}
