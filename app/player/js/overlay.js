// Masks over the picture: one canvas on the video's own pixel grid, painted for the frame that is shown.
import { fill, paint, runs } from "./rle.js";
import { pixel } from "./colours.js";

export class Overlay {
    constructor(canvas, model) {
        this.canvas = canvas;
        this.context = canvas.getContext("2d");
        this.model = model;
        this.opacity = 0.45;
        this.index = -1;
        this.dirty = null;
        model.on("masks objects", () => this.draw(this.index));
    }

    open([h, w]) {
        Object.assign(this.canvas, { width: w, height: h });
        this.size = [h, w];
        this.pixels = new Uint8Array(w * h);
        this.image = new ImageData(w, h);
        this.out = new Uint32Array(this.image.data.buffer);
        this.dirty = null;
        this.index = -1;
    }

    draw(index) {
        if (!this.size) return;
        this.index = index;
        const [h, w] = this.size;
        const before = this.dirty;
        if (before) {
            for (let y = before.y0; y < before.y1; y++) this.out.fill(0, y * w + before.x0, y * w + before.x1);
        }
        let now = null;
        const { objects, active } = this.model;
        const order = [...objects].sort((a, b) => rank(a, active) - rank(b, active));
        for (const object of order) {
            const cell = this.model.cell(object.id, index);
            if (!cell || !cell[0]) continue;
            const box = fill(this.pixels, runs(cell[0]), h);
            if (!box) continue;
            const chosen = object.fits || object.id === active;
            const inner = chosen ? pixel(object.id, this.opacity) : 0;
            const edge = pixel(object.id, chosen ? 1 : 0.7);
            paint(this.out, this.pixels, box, w, h, inner, edge, Math.max(1, Math.round(Math.max(h, w) / 500)));
            this.pixels.fill(0, box.x0 * h, box.x1 * h);
            now = join(now, box);
        }
        this.dirty = now;
        const changed = join(before, now);
        if (changed) {
            this.context.putImageData(this.image, 0, 0, changed.x0, changed.y0,
                changed.x1 - changed.x0, changed.y1 - changed.y0);
        }
        this.painted = index;
    }
}

function rank(object, active) {
    return object.id === active ? 2 : object.fits ? 1 : 0;
}

function join(a, b) {
    if (!a || !b) return a ?? b;
    return {
        x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1),
    };
}
