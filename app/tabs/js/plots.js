// Bars: lying for names, standing for numbers in order. The numbers are text, so that they can be read aloud and copied.
import { el } from "./dom.js";
import { named, t } from "./words.js";

export function plot({ title, bars, upright = false }) {
    const most = Math.max(...bars.map(([, n]) => n), 1);
    const share = (n) => Math.round((100 * n) / most) + "%";
    const name_of = (name) => ({ Cues: () => named("cue", name), Status: () => named("state", name), "Refers to": () => t("plot." + name) })[title]?.() ?? name;
    const rows = bars.map(([name, n]) => [name_of(name), n]).map(([name, n]) => upright
        ? el("li", { title: name + ": " + n }, el("i", { style: "height:" + share(n) }), el("span", { class: "name" }, name), el("span", { class: "number" }, String(n)))
        : el("li", {}, el("span", { class: "name" }, name), el("span", { class: "track" }, el("i", { style: "width:" + share(n) })), el("span", { class: "number" }, String(n))));
    return el("figure", { class: "card plot" + (upright ? " upright" : "") }, el("figcaption", { class: "title" }, t("plot." + title)),
        el("ol", { class: "bars" }, ...rows));
}
