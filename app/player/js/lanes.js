// One time axis: seconds, small pictures, the sound, and a lane for each object. Here is where things lie and what the
// pointer does; lanes_paint.js paints.
import { css } from "./colours.js";
import { afterPaint, clockText, el, icon } from "./dom.js";
import { AXIS, LANE, STRIP, WAVE, paint } from "./lanes_paint.js";
import { t } from "./words.js";

const ROWS = 4;  // room that is kept, so that the picture stays where it is when objects come
const REST = 140;  // ms that the pointer rests before the frame under it is fetched

export class Lanes {
    constructor(app) {
        this.app = app;
        const host = app.part("lanes");
        this.labels = el("div", { class: "lane-labels" });
        this.canvas = el("canvas");
        this.head = el("div", { class: "playhead" });
        this.tip = el("div", { class: "hover-tip", hidden: true });
        this.area = el("div", {
            class: "lane-area", tabindex: "0", role: "slider", "aria-label": t("lanes.time"), "aria-valuemin": "0",
        }, this.canvas, this.head, this.tip);
        host.append(this.labels, this.area);
        this.banded = false;
        this.later = afterPaint(() => { this.label(); this.draw(); });
        this.labelled = null;  // what the labels say
        this.lit = null;  // what the reasoning speaks of: {times, spans} in seconds of the clip
        this.forget();
        new ResizeObserver(() => this.draw()).observe(this.area);
        host.addEventListener("scroll", () => this.draw());
        new MutationObserver(() => this.later()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
        app.model.on("open", () => { this.forget(); this.pictures(); });
        app.model.on("open objects masks", () => this.later());
        this.listen();
    }

    forget() {
        this.peaks = this.strip = this.lit = this.bands = this.spectrogram = null;
        this.loud = this.onsets = [];
        this.sounding = new Map();  // object id -> [start, end] in seconds of the clip at which it seems to sound
    }

    sounds(id, spans) {
        this.sounding.set(id, spans);
        this.rows();
    }

    sound({ peaks, loud = [], onsets = [], spectrogram = null }) {
        Object.assign(this, { peaks, loud, onsets, spectrogram });
        this.asBands(this.banded);
        this.later();
    }

    // The sound as its spectrogram, which is made when it is first asked for, or as its waveform.
    asBands(banded = !this.banded) {
        this.banded = banded;
        this.rows();
        if (!banded || this.bands || !this.spectrogram || !this.peaks?.length) return;
        const image = new Image();
        const link = this.spectrogram;
        image.onload = () => {
            if (this.spectrogram === link) this.bands = image;
            this.later();
        };
        image.src = new URL(link, document.baseURI);
    }

    pictures() {
        const { link, frames } = this.app.model.desk.strip;
        const image = new Image();
        image.onload = () => {
            if (this.app.model.desk?.strip.link !== link) return;
            this.strip = { image, frames };
            this.later();
        };
        image.src = new URL(link, document.baseURI);
    }

    light(lit) {
        this.lit = lit;
        this.later();
    }

    // Labels and lanes anew, with the next picture.
    rows() {
        this.later();
    }

    label() {
        const { model, clock } = this.app;
        if (clock.pts.length) this.area.setAttribute("aria-valuemax", String(clock.last));
        const says = JSON.stringify([this.banded, model.active, model.drawn.map(({ id, category, trial }) => [id, category, trial, css(id), this.sounding.get(id)])]);
        if (says === this.labelled) return;
        this.labelled = says;
        const label = (height, ...children) => el("div", { class: "lane-label", style: "height:" + height + "px" }, ...children);
        this.labels.replaceChildren(
            label(AXIS + STRIP, icon("look"), el("span", {}, t("lanes.picture"))),
            el("button", {
                type: "button", class: "lane-label", style: "height:" + WAVE + "px", "data-do": "bands",
                "aria-pressed": String(Boolean(this.banded)), title: t(this.banded ? "lanes.waveform.show" : "lanes.spectrogram.show"),
                onclick: () => this.asBands(),
            }, icon("listen"), el("span", {}, t(this.banded ? "lanes.spectrum" : "lanes.sound"))),
            ...model.drawn.map((object) => el("button", {
                type: "button", class: "lane-label" + (object.id === model.active ? " active" : ""), disabled: object.trial, title: this.said(object),
                style: "height:" + LANE + "px", onclick: () => model.choose(object.id),
                "aria-pressed": String(object.id === model.active),
            }, el("i", { class: "swatch" + (object.trial ? " striped" : ""), style: "--swatch:" + css(object.id) }),
            el("span", {}, object.category || t("objects.name", { id: object.id })))),
        );
        this.area.style.height = this.labels.style.minHeight = this.top(Math.max(model.drawn.length, ROWS)) + 4 + "px";
        if (model.active !== this.chosen) this.reveal(model.drawn.findIndex(({ id }) => id === model.active));
        this.chosen = model.active;
    }

    // The lane of the object that was chosen, where there are more lanes than room.
    reveal(row) {
        const host = this.area.parentElement;
        const [top, end] = [this.top(row), this.top(row + 1)];
        if (row >= 0) host.scrollTop = Math.max(Math.min(host.scrollTop, top), end - host.clientHeight);
    }

    // What the lane of an object shows, in words.
    said(object) {
        const spans = this.sounding.get(object.id) ?? [];
        const times = spans.slice(0, 4).map(([from, to]) => t("lanes.span", { from: clockText(from, 1), to: clockText(to, 1) })).join(", ");
        const name = object.category || t("objects.name", { id: object.id });
        return times ? t("lanes.moves", { name, times: times + (spans.length > 4 ? " …" : "") }) : name;
    }

    // Position of a time of the video, in CSS pixels.
    x(time) {
        const { clock } = this.app;
        return ((time - clock.pts[clock.first]) / clock.duration) * this.width;
    }

    top(row) {
        return AXIS + STRIP + WAVE + row * LANE;
    }

    draw() {
        const [w, h] = [this.area.clientWidth, this.area.clientHeight];
        this.width = w;  // kept: asking the page for it on every frame of playing would make it lay itself out
        const scale = window.devicePixelRatio || 1;
        const [wide, high] = [Math.round(w * scale), Math.round(h * scale)];
        if (this.canvas.width !== wide || this.canvas.height !== high) Object.assign(this.canvas, { width: wide, height: high });
        const { model, clock } = this.app;
        if (!clock.pts.length || !model.desk) return;
        const context = this.canvas.getContext("2d");
        context.setTransform(scale, 0, 0, scale, 0, 0);
        context.clearRect(0, 0, w, h);
        paint(this, context, w, h);
        this.follow();
    }

    follow() {
        const { clock } = this.app;
        if (!clock.pts.length) return;
        const middle = this.x(clock.middle(clock.index));
        this.head.style.transform = "translateX(" + middle + "px)";
        this.area.setAttribute("aria-valuenow", String(clock.index));
        this.area.setAttribute("aria-valuetext", t("play.frame.aloud", { index: clock.index, time: clockText(clock.time()) }));
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
        let marking = null;
        area.addEventListener("pointerdown", (event) => {
            if (event.button !== 0 || !clock.pts.length) return;
            area.setPointerCapture(event.pointerId);
            if (event.shiftKey) {
                marking = index(event);
                return;
            }
            scrubbing = true;
            clock.seek(index(event));
            const row = Math.floor((event.clientY - area.getBoundingClientRect().top - this.top(0)) / LANE);
            const object = this.app.model.objects[row];
            if (row >= 0 && object) this.app.model.choose(object.id);
        });
        area.addEventListener("pointermove", (event) => {
            if (!clock.pts.length) return;
            const at = index(event);
            if (scrubbing) clock.seek(at);
            if (marking !== null && at !== marking) this.app.acts.mark(Math.min(at, marking), Math.max(at, marking));
            tip.hidden = false;
            tip.textContent = clockText(clock.time(at)) + "  ·  " + at;
            const box = area.getBoundingClientRect();
            tip.style.left = Math.min(Math.max(event.clientX - box.left, 42), box.width - 42) + "px";
            if (!scrubbing && event.pointerType !== "touch") this.peek(at, event);
        });
        const stop = () => {
            scrubbing = false;
            marking = null;
        };
        area.addEventListener("pointerleave", () => {
            tip.hidden = true;
            this.unpeek();
        });
        area.addEventListener("pointerdown", () => this.unpeek());
        area.addEventListener("pointerup", stop);
        area.addEventListener("pointercancel", stop);
    }

    // The frame under a pointer that rests.
    peek(index, event) {
        clearTimeout(this.resting);
        if (!this.app.part("peek").hidden && this.peeked === index) return;
        this.app.part("peek").hidden = true;
        this.resting = setTimeout(() => {
            const { clock, model, part } = this.app;
            const figure = part("peek");
            const image = figure.querySelector("img");
            const address = new URL(clock.frames + "/" + index + ".jpg", document.baseURI).href;
            image.onload = () => { figure.hidden = this.peeked !== index; };
            this.peeked = index;
            image.style.aspectRatio = model.desk.aspect;
            if (image.src === address) figure.hidden = false;
            else image.src = address;
            figure.querySelector("figcaption").textContent = t("play.frame", { index }) + " · " + clockText(clock.time(index));
            const work = figure.parentElement.getBoundingClientRect();
            figure.style.bottom = work.bottom - this.area.getBoundingClientRect().top + 6 + "px";
            figure.style.left = Math.min(Math.max(event.clientX - work.left, 88), work.width - 88) + "px";
        }, REST);
    }

    unpeek() {
        clearTimeout(this.resting);
        this.peeked = null;
        this.app.part("peek").hidden = true;
    }
}
