// When the objects sound, as far as it can be seen: asked for when their masks have come to rest, drawn on their lanes.

const REST = 1200;  // ms without a new mask
const FEWEST = 25;  // frames with which something can be told

export function sounding({ model, net, lanes }) {
    let waiting = 0;
    let known = new Map();  // object id -> the count of changes of its masks for which it was asked

    async function look() {
        const token = net.token;
        if (!model.desk?.sound || model.job) return;
        for (const { id } of model.drawn) {
            const changes = model.changes.get(id) ?? 0;
            if (known.get(id) === changes) continue;
            known.set(id, changes);
            const few = (model.cells.get(id)?.size ?? 0) < FEWEST;
            const { spans } = few ? { spans: [] } : await net.ask("sounding", { object: id }).catch(() => ({ spans: [] }));
            if (token !== net.token) return;
            if (model.changes.get(id) === changes || few) lanes.sounds(id, spans);
        }
    }

    function soon() {
        clearTimeout(waiting);
        waiting = setTimeout(look, REST);
    }

    model.on("open", () => { known = new Map(); soon(); });
    model.on("masks job complete", soon);
}
