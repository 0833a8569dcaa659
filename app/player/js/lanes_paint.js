// Painting the lanes: filled = present (as high as it is sure), line = absent, outline = lost, empty = no answer yet, ring = touched by the
// annotator, stroke above = it seems to sound.
import { css } from "./colours.js";
import { clockText } from "./dom.js";
import { t } from "./words.js";

// Heights, in CSS pixels.
export const AXIS = 19;
export const STRIP = 28;
export const WAVE = 38;
export const LANE = 24; // the least that can be hit by a finger (WCAG 2.2, 2.5.8)
const SOUND = AXIS + STRIP;
const LOST = -1;

export function paint(lanes, context, w, h) {
    const { model } = lanes.app;
    const style = getComputedStyle(lanes.area);
    const ink = (name) => style.getPropertyValue("--" + name);
    const to = { lanes, context, ink, w, h, ...lanes.app };
    axis(to);
    strip(to);
    wave(to);
    if (!model.drawn.length) words(to, t("lanes.empty"), lanes.top(0) + LANE / 2);
    model.drawn.forEach((object, row) => lane(to, object, lanes.top(row)));
    range(to);
    lit(to);
    const scrolled = lanes.area.parentElement.scrollTop;
    if (scrolled) {  // the seconds stay in sight
        context.fillStyle = ink("card");
        context.fillRect(0, scrolled, w, AXIS);
        axis(to, scrolled, scrolled + AXIS);
    }
}

function words({ context, ink }, text, y) {
    context.fillStyle = ink("faint");
    context.font = "11.5px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.fillText(text, 10, y);
}

function axis({ context, ink, clock, w, h }, top = 0, end = h) {
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
    const step = steps.find((s) => (s / clock.duration) * w > 58) ?? 1200;
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let k = 0; k * step <= clock.duration; k++) {
        const x = Math.round((k * step / clock.duration) * w) + 0.5;
        context.strokeStyle = ink("line");
        context.beginPath();
        context.moveTo(x, top + AXIS - 5);
        context.lineTo(x, end);
        context.stroke();
        context.fillStyle = ink("muted");
        if (x < w - 30) context.fillText(clockText(k * step, step < 1 ? 1 : 0), x + 4, top + AXIS / 2);
    }
}

// As many small pictures as have room, each over the time it stands for.
function strip({ lanes, context, ink, w }) {
    context.fillStyle = ink("sunk");
    context.fillRect(0, AXIS, w, STRIP - 2);
    if (!lanes.strip) return;
    const { image, frames } = lanes.strip;
    const [wide, high] = [image.width / frames.length, image.height];
    const shown = (wide / high) * (STRIP - 2);
    const count = Math.max(1, Math.ceil(w / shown));
    for (let k = 0; k < count; k++) {
        const from = Math.min(frames.length - 1, Math.floor(((k + 0.5) * shown / w) * frames.length));
        context.drawImage(image, from * wide, 0, wide, high, k * shown, AXIS, shown, STRIP - 2);
    }
}

function wave(to) {
    const { lanes, context, ink, clock, model, w } = to;
    const middle = SOUND + WAVE / 2;
    const { peaks, loud } = lanes;
    if (!peaks?.length) {
        words(to, t(model.desk.sound ? "lanes.reading" : "lanes.silent"), middle);
        return;
    }
    if (lanes.banded) {
        if (lanes.bands) context.drawImage(lanes.bands, 0, SOUND + 7, w, WAVE - 8);
        marks(to);
        return;
    }
    context.fillStyle = ink("wave");
    const half = (WAVE / 2 - 4) / 100;
    for (let x = 0; x < w; x++) {
        const from = Math.floor((x / w) * peaks.length);
        const end = Math.max(from + 1, Math.floor(((x + 1) / w) * peaks.length));
        let [low, high] = [0, 0];
        for (let k = from; k < end && k < peaks.length; k++) {
            low = Math.min(low, peaks[k][0]);
            high = Math.max(high, peaks[k][1]);
        }
        context.fillRect(x, middle - high * half, 1, Math.max((high - low) * half, 0.7));
    }
    context.strokeStyle = ink("loud");
    context.globalAlpha = 0.7;
    context.beginPath();
    loud.forEach((level, k) => context.lineTo(((k + 0.5) / loud.length) * w, SOUND + WAVE - 3 - (level / 100) * (WAVE - 6)));
    context.stroke();
    context.globalAlpha = 1;
    marks(to);
}

// Where sounds begin.
function marks({ lanes, context, ink, clock, w }) {
    context.fillStyle = ink("muted");
    for (const time of lanes.onsets) {
        const x = (time / clock.duration) * w;
        context.beginPath();
        context.moveTo(x - 3, SOUND + 1);
        context.lineTo(x + 3, SOUND + 1);
        context.lineTo(x, SOUND + 6);
        context.fill();
    }
}

function lane({ lanes, context, ink, clock, model, w }, object, y) {
    const own = model.cells.get(object.id);
    if (!own) return;
    const x = (index) => lanes.x(clock.pts[index]);
    context.strokeStyle = ink("line");
    context.beginPath();
    context.moveTo(0, y + 0.5);
    context.lineTo(w, y + 0.5);
    context.stroke();
    const strong = object.fits || object.id === model.active ? 1 : 0.45;
    const [top, high] = [y + 5, LANE - 9];
    const state = (cell) => (cell ? (cell[0] ? 2 + Math.round(8 * (cell[3] ?? 1)) : cell[3] === 0 ? LOST : 1) : 0);
    for (let a = clock.first; a <= clock.last;) {
        const s = state(own.get(a));
        let b = a + 1;
        while (b <= clock.last && state(own.get(b)) === s) b++;
        const [from, wide] = [x(a), lanes.x(clock.until(b - 1)) - x(a)];
        if (s >= 2) {
            const sure = Math.max(0.25, (s - 2) / 8);
            context.fillStyle = css(object.id, 0.3 * strong);
            context.fillRect(from, top, wide, high);
            context.fillStyle = css(object.id, strong);
            context.fillRect(from, top + high * (1 - sure), wide, high * sure);
        } else if (s === LOST) {
            context.strokeStyle = css(object.id, 0.75);
            context.strokeRect(from + 0.5, top + 0.5, Math.max(wide - 1, 2), high - 1);
        } else if (s === 1) {
            context.fillStyle = css(object.id, 0.75);
            context.fillRect(from, y + LANE / 2, wide, 1.5);
        }
        a = b;
    }
    context.fillStyle = ink("loud");
    for (const [from, to] of lanes.sounding.get(object.id) ?? []) {
        const [left, right] = [(from / clock.duration) * w, (to / clock.duration) * w];
        context.fillRect(left, y + 1.5, Math.max(right - left - 1, 2), 2.5);
    }
    touched({ lanes, context, ink, clock }, own, y + LANE / 2 + 0.5);
}

// A ring for each touched frame; where rings would run together, one long one.
function touched({ lanes, context, ink, clock }, own, y) {
    const indices = [...own].filter(([, cell]) => cell[1]).map(([index]) => index).sort((a, b) => a - b);
    const at = (index) => Math.min(Math.max(lanes.x(clock.middle(index)), 5), lanes.width - 5);
    context.fillStyle = ink("card");
    context.strokeStyle = ink("ink");
    context.lineWidth = 1.8;
    for (let k = 0; k < indices.length;) {
        let end = k;
        while (end + 1 < indices.length && indices[end + 1] === indices[end] + 1 && at(indices[end + 1]) - at(indices[end]) < 8) end++;
        const [from, to] = [at(indices[k]), at(indices[end])];
        context.beginPath();
        context.roundRect(from - 3.4, y - 3.4, to - from + 6.8, 6.8, 3.4);
        context.fill();
        context.stroke();
        k = end + 1;
    }
    context.lineWidth = 1;
}

function range({ lanes, context, ink, clock, w, h }) {
    if (!clock.range) return;
    const [from, to] = [lanes.x(clock.pts[clock.range[0]]), lanes.x(clock.until(clock.range[1]))];
    context.fillStyle = ink("veil");
    context.fillRect(0, AXIS, from, h);
    context.fillRect(to, AXIS, w - to, h);
    context.fillStyle = ink("accent");
    context.fillRect(from, AXIS - 4, to - from, 3);
}

function lit({ lanes, context, ink, clock, w, h }) {
    const { times = [], spans = [] } = lanes.lit ?? {};
    context.fillStyle = ink("accent");
    context.globalAlpha = 0.22;
    for (const [from, to] of spans) context.fillRect((from / clock.duration) * w, SOUND, Math.max(((to - from) / clock.duration) * w, 2), WAVE);
    context.globalAlpha = 0.85;
    for (const time of times) context.fillRect((time / clock.duration) * w - 1, SOUND, 2, h - SOUND);
    context.globalAlpha = 1;
}
