// Clicks, boxes and strokes on the picture. They travel as fractions of the picture with the index of the frame that is
// shown; what was asked is drawn over the stage, at the same size at every zoom.
import { css } from "./colours.js";

const DRAG = 5;  // screen pixels from which a press is a box

export class Stage {
    constructor(app) {
        this.app = app;
        this.host = app.part("stage");
        this.screen = app.part("screen");
        this.hud = app.part("hud");
        this.context = this.hud.getContext("2d");
        this.pending = [];
        this.press = null;
        this.tool = "click";
        this.pointer = null;
        this.marks = [];  // boxes that the reasoning speaks of: {box, words, colour}
        this.newObject = false;
        this.geometry = null;  // where the picture lies in the stage, until something moves
        new ResizeObserver(() => this.moved()).observe(this.screen);
        const on = (name, act) => this.screen.addEventListener(name, act);
        on("pointerdown", (event) => this.down(event));
        on("pointermove", (event) => this.move(event));
        on("pointerup", (event) => this.up(event));
        on("pointercancel", () => this.drop());
        on("pointerleave", () => { this.pointer = null; this.draw(); });
        on("contextmenu", (event) => event.preventDefault());
        let queued = false;
        app.model.on("objects masks", () => {
            if (queued) return;
            queued = true;
            requestAnimationFrame(() => { queued = false; this.draw(); });
        });
        for (const button of app.root.querySelectorAll("[data-tool]")) {
            button.addEventListener("click", () => this.use(button.dataset.tool));
        }
    }

    use(tool) {
        this.tool = tool;
        for (const button of this.app.root.querySelectorAll("[data-tool]")) {
            button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
        }
        this.app.polygon?.drop();
        const painting = tool === "brush" || tool === "eraser";
        this.app.part("brush-pill").hidden = !painting;
        this.screen.classList.toggle("painting", painting);
        this.draw();
    }

    // Fractions of the picture, at any zoom.
    at(event) {
        const box = this.screen.getBoundingClientRect();
        const fraction = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1e5) / 1e5;
        return [fraction((event.clientX - box.left) / box.width), fraction((event.clientY - box.top) / box.height)];
    }

    down(event) {
        if (!this.app.model.desk || this.press || event.button > 2 || event.button === 1) return;
        event.preventDefault();
        this.screen.focus({ preventScroll: true });
        this.screen.setPointerCapture(event.pointerId);
        const { clock, brush } = this.app;
        clock.pause();
        const remove = event.button === 2 || event.shiftKey || (event.ctrlKey && event.button === 0);
        if (this.tool === "polygon") {
            this.app.polygon.press(this.at(event), event);
            this.draw();
            return;
        }
        const painting = this.tool !== "click";
        this.press = { from: this.at(event), to: null, x: event.clientX, y: event.clientY, remove, index: clock.index, painting };
        if (painting) brush.begin(this.press.from, remove !== (this.tool === "eraser"));
    }

    move(event) {
        this.pointer = event;
        const press = this.press;
        if (this.app.polygon.open) this.app.polygon.pointer = this.at(event);
        if (press?.painting) {
            const path = event.getCoalescedEvents?.() ?? [];
            this.app.brush.to((path.length ? path : [event]).map((each) => this.at(each)));
        } else if (press && !press.remove && (press.to || Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG)) {
            press.to = this.at(event);
        } else if (this.tool === "click") {
            return;
        }
        this.draw();
    }

    up() {
        const press = this.press;
        this.press = null;
        if (!press) return;
        if (press.painting) {
            this.app.brush.end();
        } else if (press.to) {
            const [a, b] = [press.from, press.to];
            const box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
            this.send({ index: press.index, box });
        } else {
            this.send({ index: press.index, click: [...press.from, !press.remove] });
        }
    }

    drop() {
        this.press = null;
        this.app.brush.drop();
        this.draw();
    }

    send(prompt) {
        const { model, net, attempt } = this.app;
        const fresh = this.newObject;
        const object = fresh ? null : model.active;
        this.newObject = false;
        this.pending.push(prompt);
        this.draw();
        return attempt(() => net.ask("prompt", { ...prompt, object, fresh })).finally(() => {
            this.pending.splice(this.pending.indexOf(prompt), 1);
            this.draw();
            model.say("objects");
        });
    }

    // The stage or the picture in it has another place or size.
    moved() {
        this.geometry = null;
        this.draw();
    }

    // To ask the page for it makes the page lay itself out, which would keep a mask waiting.
    measure() {
        const stage = this.host.getBoundingClientRect();
        const { left, top, width, height } = this.screen.getBoundingClientRect();
        return { stage, picture: { left: left - stage.left, top: top - stage.top, width, height } };
    }

    draw() {
        const scale = window.devicePixelRatio || 1;
        const { stage, picture } = (this.geometry ??= this.measure());
        const [w, h] = [Math.round(stage.width * scale), Math.round(stage.height * scale)];
        if (this.hud.width !== w || this.hud.height !== h) Object.assign(this.hud, { width: w, height: h });
        const { model, clock } = this.app;
        this.context.clearRect(0, 0, w, h);
        if (!model.desk || !picture.width) return;
        // A place in fractions of the picture, on the hud.
        this.place = (x, y) => [
            (picture.left + x * picture.width) * scale, (picture.top + y * picture.height) * scale,
        ];
        for (const { box, colour } of this.marks) this.box(box, colour, scale);
        const taken = [];
        for (const { box, words, colour } of this.marks) this.label(box, words, colour, scale, taken);
        const asked = model.active === null || this.newObject ? null : model.cell(model.active, clock.index)?.[2];
        if (asked?.box) this.box(asked.box, css(model.active), scale);
        for (const click of asked?.clicks ?? []) this.mark(click, 1, scale);
        for (const prompt of this.pending) {
            if (prompt.index !== clock.index) continue;
            if (prompt.click) this.mark(prompt.click, 0.6, scale);
            else this.box(prompt.box, "white", scale);
        }
        if (this.press?.to) {
            const [a, b] = [this.press.from, this.press.to];
            this.box([a[0], a[1], b[0], b[1]], "white", scale);
        }
        if (this.app.polygon?.open) this.corners(this.app.polygon, scale);
        if ((this.tool === "brush" || this.tool === "eraser") && this.pointer) this.ring(picture, scale);
    }

    // The polygon so far, up to the pointer.
    corners({ corners, pointer }, scale) {
        const context = this.context;
        const places = [...corners, pointer].map(([x, y]) => this.place(x, y));
        for (const [width, colour] of [[3.5, "rgb(0 0 0 / 0.6)"], [1.6, "white"]]) {
            context.beginPath();
            for (const place of places) context.lineTo(...place);
            context.lineWidth = width * scale;
            context.strokeStyle = colour;
            context.stroke();
        }
        context.fillStyle = "white";
        places.slice(0, -1).forEach(([x, y], k) => {
            const r = (k ? 2.5 : 4.5) * scale;
            context.fillRect(x - r, y - r, 2 * r, 2 * r);
        });
    }

    // The brush where the pointer is, as large as it paints.
    ring(picture, scale) {
        const { clientX, clientY } = this.pointer;
        const stage = this.host.getBoundingClientRect();
        const context = this.context;
        const across = (this.app.brush.size / this.app.model.desk.size[1]) * picture.width;
        const erasing = this.tool === "eraser" || this.press?.remove;
        for (const [width, colour] of [[3, "rgb(0 0 0 / 0.6)"], [1.4, erasing ? "#ff9a92" : "white"]]) {
            context.beginPath();
            context.arc((clientX - stage.left) * scale, (clientY - stage.top) * scale, Math.max(across / 2, 2) * scale, 0, 2 * Math.PI);
            context.lineWidth = width * scale;
            context.strokeStyle = colour;
            context.stroke();
        }
    }

    mark([x, y, add], alpha, scale) {
        const context = this.context;
        const [[cx, cy], r] = [this.place(x, y), 6.5 * scale];
        context.globalAlpha = alpha;
        context.beginPath();
        context.arc(cx, cy, r, 0, 2 * Math.PI);
        context.fillStyle = add ? "#0b7a44" : "#b3261e";
        context.fill();
        context.lineWidth = 1.6 * scale;
        context.strokeStyle = "white";
        context.stroke();
        context.beginPath();
        context.moveTo(cx - r / 2, cy);
        context.lineTo(cx + r / 2, cy);
        if (add) {
            context.moveTo(cx, cy - r / 2);
            context.lineTo(cx, cy + r / 2);
        }
        context.stroke();
        context.globalAlpha = 1;
    }

    box([x0, y0, x1, y1], colour, scale) {
        const context = this.context;
        const [[left, top], [right, bottom]] = [this.place(x0, y0), this.place(x1, y1)];
        const rectangle = [left, top, right - left, bottom - top];
        context.setLineDash([]);
        context.lineWidth = 3.5 * scale;
        context.strokeStyle = "rgb(0 0 0 / 0.55)";
        context.strokeRect(...rectangle);
        context.lineWidth = 1.6 * scale;
        context.strokeStyle = colour;
        context.setLineDash([6 * scale, 4 * scale]);
        context.strokeRect(...rectangle);
        context.setLineDash([]);
    }

    // Words at the corner of a box, lower down where others stand already.
    label([x0, y0], words, colour, scale, taken) {
        const context = this.context;
        const [left, top] = this.place(x0, y0);
        context.font = "600 " + 12 * scale + "px system-ui, sans-serif";
        context.textBaseline = "middle";
        const [width, high] = [context.measureText(words).width + 12 * scale, 20 * scale];
        let y = Math.max(top, 0);
        while (taken.some((other) => Math.abs(other.y - y) < high && left < other.right && other.left < left + width)) y += high + scale;
        taken.push({ left, right: left + width, y });
        context.fillStyle = "rgb(12 15 20 / 0.85)";
        context.fillRect(left, y, width, high);
        context.fillStyle = colour;
        context.fillText(words, left + 6 * scale, y + high / 2 + 0.5 * scale);
    }
}
