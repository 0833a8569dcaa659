// Clicks and boxes on the picture. They travel as fractions of the picture with the index of the frame that is shown.
import { css } from "./colours.js";

const DRAG = 5;  // screen pixels from which a press is a box

export class Stage {
    constructor(app) {
        this.app = app;
        this.screen = app.part("screen");
        this.hud = app.part("hud");
        this.context = this.hud.getContext("2d");
        this.pending = [];
        this.press = null;
        this.newObject = false;
        const on = (name, act) => this.screen.addEventListener(name, act);
        on("pointerdown", (event) => this.down(event));
        on("pointermove", (event) => this.move(event));
        on("pointerup", (event) => this.up(event));
        on("pointercancel", () => this.drop());
        on("contextmenu", (event) => event.preventDefault());
        app.model.on("objects masks", () => this.draw());
        new ResizeObserver(() => this.draw()).observe(this.screen);
    }

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
        const { clock } = this.app;
        clock.pause();
        const remove = event.button === 2 || event.shiftKey || (event.ctrlKey && event.button === 0);
        this.press = { from: this.at(event), to: null, x: event.clientX, y: event.clientY, remove, index: clock.index };
    }

    move(event) {
        const press = this.press;
        if (!press || press.remove) return;
        if (press.to || Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG) {
            press.to = this.at(event);
            this.draw();
        }
    }

    up() {
        const press = this.press;
        this.press = null;
        if (!press) return;
        if (press.to) {
            const [a, b] = [press.from, press.to];
            const box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
            this.send({ index: press.index, box });
        } else {
            this.send({ index: press.index, click: [...press.from, !press.remove] });
        }
    }

    drop() {
        this.press = null;
        this.draw();
    }

    send(prompt) {
        const { model, net, attempt } = this.app;
        const object = this.newObject ? null : model.active;
        this.newObject = false;
        this.pending.push(prompt);
        this.draw();
        return attempt(() => net.send("prompt", { ...prompt, object })).finally(() => {
            this.pending.splice(this.pending.indexOf(prompt), 1);
            this.draw();
            model.say("objects");
        });
    }

    draw() {
        const box = this.screen.getBoundingClientRect();
        const scale = window.devicePixelRatio || 1;
        const [w, h] = [Math.round(box.width * scale), Math.round(box.height * scale)];
        if (this.hud.width !== w || this.hud.height !== h) Object.assign(this.hud, { width: w, height: h });
        const { model, clock } = this.app;
        const context = this.context;
        context.clearRect(0, 0, w, h);
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
    }

    mark([x, y, add], alpha, scale) {
        const context = this.context;
        const [cx, cy, r] = [x * this.hud.width, y * this.hud.height, 6.5 * scale];
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
        const [w, h] = [this.hud.width, this.hud.height];
        const rectangle = [x0 * w, y0 * h, (x1 - x0) * w, (y1 - y0) * h];
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
}
