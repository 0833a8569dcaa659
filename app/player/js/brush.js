// Brush and eraser. A stroke is the pixels that it covers, on the video's own grid; it is shown at once and joined to the
// mask by the server.
import { inside } from "./polygon.js";
import { encode } from "./rle.js";
import { t } from "./words.js";

export class Brush {
    constructor(app) {
        this.app = app;
        this.size = Number(localStorage.getItem("refavs.brush")) || 24;  // across, in pixels of the video
        this.stroke = null;
        this.pending = [];
        this.made = null;  // the object that the first stroke of a new one has made
        this.chain = Promise.resolve();
        const slider = app.part("brush-size");
        slider.addEventListener("input", () => this.resize(Number(slider.value)));
        this.resize(this.size);
    }

    resize(size) {
        this.size = Math.round(Math.min(Math.max(size, 1), 400));
        localStorage.setItem("refavs.brush", String(this.size));
        this.app.part("brush-size").value = this.size;
        this.app.part("brush-words").textContent = this.size + " px";
        this.app.stage?.draw();
    }

    begin(place, erase) {
        if (this.start(erase)) this.to([place]);
    }

    // A whole polygon at once; corners in fractions of the picture.
    fill(corners, erase) {
        const stroke = this.start(erase);
        if (!stroke) return;
        inside(corners.map(([x, y]) => [x * stroke.w, y * stroke.h]), stroke.w, stroke.h, (...run) => add(stroke, ...run));
        this.app.overlay.draw(this.app.clock.index);
        if (stroke.box) this.end();
        else this.drop();
    }

    start(erase) {
        const { model, stage, clock, overlay } = this.app;
        const making = stage.newObject ? null : this.pending.findLast((stroke) => stroke.object === null);
        if (stage.newObject || model.active === null) this.made = null;
        const fresh = stage.newObject;
        const object = fresh || making ? null : model.active;
        if (erase && !model.cell(object, clock.index)?.[0] && !this.pending.some((stroke) => stroke.index === clock.index)) {
            this.app.notice(t("tool.nothing-to-erase"));
            return null;
        }
        const [h, w] = overlay.size;
        stage.newObject = false;
        this.stroke = {
            object, fresh, shown: making?.shown ?? object ?? this.coming(), index: clock.index, erase, h, w, pixels: new Uint8Array(w * h),
            box: null, last: null,
        };
        overlay.strokes.push(this.stroke);
        return this.stroke;
    }

    // The number that a new object will have.
    coming() {
        return Math.max(0, ...this.app.model.objects.map((object) => object.id)) + 1;
    }

    // On along places in fractions of the picture.
    to(places) {
        const stroke = this.stroke;
        if (!stroke) return;
        for (const [fx, fy] of places) {
            const [x, y] = [fx * stroke.w, fy * stroke.h];
            const [fromX, fromY] = stroke.last ?? [x, y];
            const steps = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) / Math.max(this.size / 6, 0.5)));
            for (let k = stroke.last ? 1 : steps; k <= steps; k++) {
                disc(stroke, fromX + ((x - fromX) * k) / steps, fromY + ((y - fromY) * k) / steps, this.size / 2);
            }
            stroke.last = [x, y];
        }
        this.app.overlay.draw(this.app.clock.index);
    }

    drop() {
        if (!this.stroke) return;
        this.forget(this.stroke);
        this.stroke = null;
    }

    forget(stroke) {
        const { overlay, clock } = this.app;
        overlay.strokes = overlay.strokes.filter((other) => other !== stroke);
        overlay.draw(clock.index);
    }

    end() {
        const stroke = this.stroke;
        this.stroke = null;
        if (!stroke) return;
        const { net, attempt } = this.app;
        this.pending.push(stroke);
        // Strokes arrive in the order they were made; the first of a new object gives the others their object.
        this.chain = this.chain.then(() => attempt(async () => {
            const made = this.made?.shown === stroke.shown ? this.made.object : null;
            const { messages } = await net.ask("brush", {
                index: stroke.index, object: stroke.object ?? made, stroke: encode(stroke.pixels), erase: stroke.erase, fresh: stroke.fresh,
            });
            const told = messages?.findLast((message) => message.kind === "change");
            if (stroke.object === null && told) this.made = { shown: stroke.shown, object: told.active };
        })).finally(() => {
            this.pending = this.pending.filter((other) => other !== stroke);
            this.forget(stroke);
        });
    }
}

// Fill the pixels whose middles lie within `r` of (x, y); at least the one it lies in.
function disc(stroke, x, y, r) {
    const { pixels, w, h } = stroke;
    const near = Math.max(r, 0.71);
    const clamp = (value, most) => Math.min(Math.max(value, 0), most);
    const x0 = clamp(Math.floor(x - near), w);
    const x1 = clamp(Math.ceil(x + near), w);
    for (let column = x0; column < x1; column++) {
        const dx = column + 0.5 - x;
        const half = Math.sqrt(Math.max(r * r - dx * dx, 0));
        const from = clamp(Math.ceil(y - half - 0.5), h);
        const to = clamp(Math.floor(y + half - 0.5) + 1, h);
        if (Math.abs(dx) <= r && to > from) add(stroke, column, from, to);
    }
    const [px, py] = [clamp(Math.floor(x), w - 1), clamp(Math.floor(y), h - 1)];
    if (!pixels[px * h + py]) add(stroke, px, py, py + 1);
}

function add(stroke, column, from, to) {
    stroke.pixels.fill(1, column * stroke.h + from, column * stroke.h + to);
    const box = stroke.box ?? (stroke.box = { x0: column, x1: column + 1, y0: from, y1: to });
    box.x0 = Math.min(box.x0, column);
    box.x1 = Math.max(box.x1, column + 1);
    box.y0 = Math.min(box.y0, from);
    box.y1 = Math.max(box.y1, to);
}
