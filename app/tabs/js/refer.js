// Refer: clips to try, what the system hears, and which other system answers beside it.
import { compare } from "./compare.js";
import { el, icon } from "./dom.js";
import { named, said, t } from "./words.js";

const SOUNDS = ["normal", "mute", "noise:20"];

export function refer(app) {
    const { root, model, net, part, button } = app;
    app.sound = "normal";
    app.system = "";  // name of the system that answers; "" = the usual one
    app.beside = "";  // name of the system that answers, too

    // What the system hears
    const choices = SOUNDS.map((value) => el("button", {
        type: "button", role: "radio", "aria-checked": String(value === app.sound), "data-sound": value, onclick: () => hear(value),
    }, t("heard." + value)));
    const heard = el("div", { class: "heard refer-only" },
        el("span", { class: "hint", id: "refavs-heard" }, t("heard")),
        el("div", { class: "segments", role: "radiogroup", "aria-labelledby": "refavs-heard" }, ...choices));
    const first = el("select", { "aria-label": t("system.first.label"), onchange: () => { app.system = first.value; list(); } },
        el("option", { value: "" }, t("system.usual")));
    const answers = el("div", { class: "heard refer-only" }, el("span", { class: "hint" }, t("system.first")), first);
    const other = el("select", { "aria-label": t("system.beside.label"), onchange: () => { app.beside = other.value; } },
        el("option", { value: "" }, t("system.no-other")));
    const beside = el("div", { class: "heard refer-only" }, el("span", { class: "hint" }, t("system.beside")), other);
    button("refer").closest(".row").before(heard, answers, beside);
    let known = [];
    compare(app);

    async function choices_of_systems() {
        const { systems, usual } = await net.ask("systems");
        known = [...systems].sort((a, b) => (b.name === usual) - (a.name === usual));
        app.system = usual;
        first.replaceChildren(...known.map(option));
        list();
    }

    function option({ name, state }) {
        return el("option", { value: name }, name + (state === "ready" ? "" : " (" + named("systems.state", state) + ")"));
    }

    // Any system but the first one.
    function list() {
        const [none] = other.options;
        other.replaceChildren(none, ...known.filter(({ name }) => name !== app.system).map(option));
        other.value = known.some(({ name }) => name === app.beside && name !== app.system) ? app.beside : "";
        app.beside = other.value;
    }

    function hear(value) {
        app.sound = value;
        for (const choice of choices) choice.setAttribute("aria-checked", String(choice.dataset.sound === value));
    }

    // Clips to try
    const grid = el("div", { class: "gallery", "aria-busy": "true" }, ...Array.from({ length: 4 }, () => el("div", { class: "tile waiting" })));
    const card = el("section", { class: "card refer-only", "aria-label": t("gallery") },
        el("div", { class: "title-row" }, el("h2", { class: "title" }, t("gallery")),
            el("div", { class: "row" },
                el("button", { type: "button", class: "ghost small", onclick: () => part("file").click() }, icon("upload"), t("upload.own", { size: app.upload })),
                el("button", { type: "button", class: "ghost small", onclick: () => app.askLink() }, icon("match"), t("link.own")))), grid);
    root.querySelector(".side").append(card);

    function mark() {
        for (const tile of grid.querySelectorAll("[data-clip]")) {
            if (tile.dataset.clip === model.desk?.source) tile.setAttribute("aria-current", "true");
            else tile.removeAttribute("aria-current");
        }
    }

    async function fill() {
        try {
            const { clips } = await net.ask("gallery");
            grid.replaceChildren(...clips.map((clip) => el("button", {
                type: "button", class: "tile", "data-clip": clip.key, title: said(clip.name), onclick: () => app.source.open(clip.key),
            }, el("img", { src: new URL(clip.picture, document.baseURI), alt: "", loading: "lazy" }), el("span", {}, said(clip.name)))));
            mark();
        } catch (error) {
            grid.replaceChildren(el("p", { class: "nothing" }, said(error.message)),
                el("button", { type: "button", onclick: fill }, t("try-again")));
        }
        grid.removeAttribute("aria-busy");
    }

    model.on("open", mark);
    fill();
    choices_of_systems().catch(() => { answers.hidden = beside.hidden = true; });
}
