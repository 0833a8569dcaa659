// Masks over the picture: one canvas on the video's own pixel grid, painted for the frame that is shown.
import { fill, paint, runs } from "./rle.js";
import { pixel } from "./colours.js";

const DARK = 0xb4000000;  // over what no chosen object covers, when everything else is darkened

export class Overlay {
    constructor(canvas, model) {
        this.canvas = canvas;
        this.context = canvas.getContext("2d");
        this.model = model;
        this.opacity = 0.45;
        this.outline = this.invert = this.hide = false;
        this.strokes = [];  // of brush and eraser, until the server has joined them to the mask
        this.index = -1;
        this.dirty = null;
        model.on("masks", () => this.draw(this.index));
    }

    open([h, w]) {
        Object.assign(this.canvas, { width: w, height: h });
        this.size = [h, w];
        this.pixels = new Uint8Array(w * h);
        this.image = new ImageData(w, h);
        this.out = new Uint32Array(this.image.data.buffer);
        this.dirty = null;
        this.strokes = [];
        this.index = -1;
    }

    draw(index) {
        if (!this.size) return;
        this.index = index;
        const [h, w] = this.size;
        const whole = { x0: 0, y0: 0, x1: w, y1: h };
        const before = this.dirty;
        if (before) {
            for (let y = before.y0; y < before.y1; y++) this.out.fill(0, y * w + before.x0, y * w + before.x1);
        }
        let now = null;
        const edge = Math.max(1, Math.round(Math.max(h, w) / 500));
        const layers = this.hide ? [] : this.layers(index);
        const dark = this.invert && layers.some((layer) => layer.chosen);
        if (dark) {
            this.out.fill(DARK);
            now = whole;
        }
        const band = 4 * edge;
        for (const { id, chosen, trial, counts, strokes } of layers) {
            let box = counts ? fill(this.pixels, runs(counts), h) : null;
            for (const stroke of strokes) box = apply(stroke, this.pixels, box, h);
            if (!box) continue;
            const clear = dark && chosen;
            const inner = clear ? 1 : chosen && !this.outline ? pixel(id, this.opacity) : 0;
            paint(this.out, this.pixels, box, w, h, inner, pixel(id, chosen ? 1 : 0.7), edge, trial ? band : 0);
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

    // What lies on the frame, the chosen object last; an object that is only being painted is there already.
    layers(index) {
        const { objects, drawn, active } = this.model;
        const order = [...drawn].sort((a, b) => rank(a, active) - rank(b, active));
        const layers = order.map((object) => ({
            id: object.id, chosen: object.trial || object.fits || object.id === active, trial: object.trial, counts: this.model.cell(object.id, index)?.[0],
            strokes: this.strokes.filter((stroke) => stroke.index === index && stroke.shown === object.id),
        }));
        const coming = this.strokes.filter((stroke) => stroke.index === index && !objects.some((o) => o.id === stroke.shown));
        if (coming.length) layers.push({ id: coming[0].shown, chosen: true, counts: "", strokes: coming });
        return layers;
    }
}

// Join a stroke to the pixels of a mask (columns first); returns the box of both.
function apply(stroke, pixels, box, h) {
    if (!stroke.box) return box;
    const { x0, x1, y0, y1 } = stroke.box;
    for (let x = x0; x < x1; x++) {
        for (let i = x * h + y0; i < x * h + y1; i++) if (stroke.pixels[i]) pixels[i] = stroke.erase ? 0 : 1;
    }
    return stroke.erase ? box : join(box, stroke.box);
}

function rank(object, active) {
    return object.trial ? 3 : object.id === active ? 2 : object.fits ? 1 : 0;
}

function join(a, b) {
    if (!a || !b) return a ?? b;
    return {
        x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1),
    };
}
