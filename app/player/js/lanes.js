// One time axis: seconds, waveform, and a lane for each object (filled = present, line = absent, empty = no answer yet,
// dot = touched by the annotator).
import { css } from "./colours.js";
import { clockText, el, icon } from "./dom.js";

const AXIS = 20;
const WAVE = 46;
const LANE = 24;
const ROWS = 3;  // room that is kept, so that the picture stays where it is when objects come

export class Lanes {
    constructor(app) {
        this.app = app;
        const host = app.part("lanes");
        this.labels = el("div", { class: "lane-labels" });
        this.canvas = el("canvas");
        this.head = el("div", { class: "playhead" });
        this.tip = el("div", { class: "hover-tip", hidden: true });
        this.area = el("div", {
            class: "lane-area", tabindex: "0", role: "slider", "aria-label": "Time", "aria-valuemin": "0",
        }, this.canvas, this.head, this.tip);
        host.append(this.labels, this.area);
        this.peaks = null;
        this.queued = false;
        new ResizeObserver(() => this.draw()).observe(this.area);
        new MutationObserver(() => this.later()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
        app.model.on("open", () => { this.peaks = null; });
        app.model.on("open objects", () => this.rows());
        app.model.on("masks", () => this.later());
        this.listen();
    }

    sound(peaks) {
        this.peaks = peaks;
        this.later();
    }

    rows() {
        const { model, clock } = this.app;
        this.labels.replaceChildren(
            el("div", { class: "lane-label", style: "height:" + AXIS + "px" }),
            el("div", { class: "lane-label", style: "height:" + WAVE + "px" }, icon("listen"), el("span", {}, "Sound")),
            ...model.objects.map((object) => el("button", {
                type: "button", class: "lane-label" + (object.id === model.active ? " active" : ""),
                style: "height:" + LANE + "px", onclick: () => model.choose(object.id),
                "aria-pressed": String(object.id === model.active),
            }, el("i", { class: "swatch", style: "background:" + css(object.id) }),
            el("span", {}, object.category || "Object " + object.id))),
        );
        this.area.style.height = this.labels.style.minHeight = AXIS + WAVE + LANE * Math.max(model.objects.length, ROWS) + 4 + "px";
        if (clock.pts.length) this.area.setAttribute("aria-valuemax", String(clock.last));
        this.later();
    }

    later() {
        if (this.queued) return;
        this.queued = true;
        requestAnimationFrame(() => {
            this.queued = false;
            this.draw();
        });
    }

    // Position of a time of the video, in CSS pixels.
    x(time) {
        const { clock } = this.app;
        return ((time - clock.pts[clock.first]) / clock.duration) * this.area.clientWidth;
    }

    top(row) {
        return AXIS + WAVE + row * LANE;
    }

    draw() {
        const { model, clock } = this.app;
        const [w, h] = [this.area.clientWidth, this.area.clientHeight];
        const scale = window.devicePixelRatio || 1;
        Object.assign(this.canvas, { width: Math.round(w * scale), height: Math.round(h * scale) });
        if (!clock.pts.length || !model.desk) return;
        const context = this.canvas.getContext("2d");
        context.scale(scale, scale);
        const style = getComputedStyle(this.area);
        this.ink = (name) => style.getPropertyValue("--" + name);
        this.axis(context, w, h);
        this.wave(context, w);
        if (!model.objects.length) this.nothing(context);
        model.objects.forEach((object, row) => this.lane(context, object, row, w));
        this.follow();
    }

    axis(context, w, h) {
        const { clock } = this.app;
        const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
        const step = steps.find((s) => (s / clock.duration) * w > 58) ?? 1200;
        context.font = "11px system-ui, sans-serif";
        context.textBaseline = "middle";
        for (let k = 0; k * step <= clock.duration; k++) {
            const x = Math.round((k * step / clock.duration) * w) + 0.5;
            context.strokeStyle = this.ink("line");
            context.beginPath();
            context.moveTo(x, AXIS - 5);
            context.lineTo(x, h);
            context.stroke();
            context.fillStyle = this.ink("muted");
            if (x < w - 30) context.fillText(clockText(k * step, step < 1 ? 1 : 0), x + 4, AXIS / 2);
        }
    }

    wave(context, w) {
        const middle = AXIS + WAVE / 2;
        if (this.peaks?.length) {
            context.fillStyle = this.ink("wave");
            const peaks = this.peaks;
            for (let x = 0; x < w; x++) {
                const from = Math.floor((x / w) * peaks.length);
                const to = Math.max(from + 1, Math.floor(((x + 1) / w) * peaks.length));
                let [low, high] = [0, 0];
                for (let k = from; k < to && k < peaks.length; k++) {
                    low = Math.min(low, peaks[k][0]);
                    high = Math.max(high, peaks[k][1]);
                }
                const half = (WAVE / 2 - 3) / 100;
                context.fillRect(x, middle - high * half, 1, Math.max((high - low) * half, 0.7));
            }
        } else {
            context.fillStyle = this.ink("faint");
            context.font = "11.5px system-ui, sans-serif";
            const silent = !this.app.model.desk.sound;
            context.fillText(silent ? "This clip has no sound" : "Reading the sound …", 10, middle);
        }
    }

    nothing(context) {
        context.fillStyle = this.ink("faint");
        context.font = "11.5px system-ui, sans-serif";
        context.fillText("One lane for each object shows where it can be seen", 10, this.top(0) + LANE / 2);
    }

    lane(context, object, row, w) {
        const { model, clock } = this.app;
        const own = model.cells.get(object.id);
        if (!own) return;
        const y = this.top(row);
        const x = (index) => this.x(clock.pts[index]);
        context.strokeStyle = this.ink("line");
        context.beginPath();
        context.moveTo(0, y + 0.5);
        context.lineTo(w, y + 0.5);
        context.stroke();
        const state = (index) => {
            const cell = own.get(index);
            return cell ? (cell[0] ? 2 : 1) : 0;
        };
        const strong = object.fits || object.id === model.active;
        for (let a = clock.first; a <= clock.last;) {
            const s = state(a);
            let b = a + 1;
            while (b <= clock.last && state(b) === s) b++;
            const [from, to] = [x(a), this.x(clock.until(b - 1))];
            if (s === 2) {
                context.fillStyle = css(object.id, strong ? 1 : 0.45);
                context.fillRect(from, y + 6, to - from, LANE - 11);
            } else if (s === 1) {
                context.fillStyle = css(object.id, 0.75);
                context.fillRect(from, y + LANE / 2, to - from, 1.5);
            }
            a = b;
        }
        for (const [index, cell] of own) {
            if (!cell[1]) continue;
            const middle = (x(index) + this.x(clock.until(index))) / 2;
            context.beginPath();
            context.arc(middle, y + LANE / 2 + 0.5, 3.4, 0, 2 * Math.PI);
            context.fillStyle = this.ink("card");
            context.fill();
            context.lineWidth = 1.8;
            context.strokeStyle = this.ink("ink");
            context.stroke();
            context.lineWidth = 1;
        }
    }

    follow() {
        const { clock } = this.app;
        if (!clock.pts.length) return;
        const middle = this.x(clock.middle(clock.index));
        this.head.style.transform = "translateX(" + middle + "px)";
        this.area.setAttribute("aria-valuenow", String(clock.index));
        this.area.setAttribute("aria-valuetext", "Frame " + clock.index + ", " + clockText(clock.time()));
    }

    listen() {
        const { area, tip } = this;
        const { clock } = this.app;
        const index = (event) => {
            const box = area.getBoundingClientRect();
            const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
            return clock.at(clock.pts[clock.first] + share * clock.duration);
        };
        let scrubbing = false;
        area.addEventListener("pointerdown", (event) => {
            if (event.button !== 0 || !clock.pts.length) return;
            scrubbing = true;
            area.setPointerCapture(event.pointerId);
            clock.seek(index(event));
            const row = Math.floor((event.clientY - area.getBoundingClientRect().top - AXIS - WAVE) / LANE);
            const object = this.app.model.objects[row];
            if (row >= 0 && object) this.app.model.choose(object.id);
        });
        area.addEventListener("pointermove", (event) => {
            if (!clock.pts.length) return;
            const at = index(event);
            if (scrubbing) clock.seek(at);
            tip.hidden = false;
            tip.textContent = clockText(clock.time(at)) + "  ·  " + at;
            const box = area.getBoundingClientRect();
            tip.style.left = Math.min(Math.max(event.clientX - box.left, 42), box.width - 42) + "px";
        });
        area.addEventListener("pointerleave", () => { tip.hidden = true; });
        const stop = () => { scrubbing = false; };
        area.addEventListener("pointerup", stop);
        area.addEventListener("pointercancel", stop);
    }
}
