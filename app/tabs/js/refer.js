// Refer: clips to try, and whether an answer used the sound.
import { el, icon } from "./dom.js";
import { runs } from "./rle.js";

const SOUNDS = [["normal", "With its sound"], ["mute", "Muted"], ["noise:20", "Noise instead"]];
const SAME = 0.9;  // overlap from which on two answers count as one

export function refer(app) {
    const { root, model, net, part, button } = app;
    app.sound = "normal";

    // What the system hears
    const choices = SOUNDS.map(([value, words]) => el("button", {
        type: "button", role: "radio", "aria-checked": String(value === app.sound), "data-sound": value, onclick: () => hear(value),
    }, words));
    const heard = el("div", { class: "heard refer-only" },
        el("span", { class: "hint", id: "refavs-heard" }, "The system hears the clip"),
        el("div", { class: "segments", role: "radiogroup", "aria-labelledby": "refavs-heard" }, ...choices));
    const compared = el("p", { class: "compared refer-only", role: "status", hidden: true });
    button("refer").closest(".row").before(heard);
    part("reasons").after(compared);

    function hear(value) {
        app.sound = value;
        for (const choice of choices) choice.setAttribute("aria-checked", String(choice.dataset.sound === value));
    }

    // The last answer for each sound, to one sentence on one clip
    let asked = null;
    let answers = {};
    model.on("job", (message) => {
        if (message.name !== "referral") return;
        if (!message.done) {
            asked ??= { sound: app.sound, key: model.desk.source + "\n" + part("expression").value.trim() };
            return;
        }
        const { sound, key } = asked ?? {};
        asked = null;
        if (!model.verdict || message.notice || !key) return;
        if (answers.key !== key) answers = { key };
        answers[sound] = { found: model.verdict.found, pixels: pixels() };
        compare();
    });

    function pixels() {
        const found = new Map();
        for (const { id, fits } of model.objects) {
            if (!fits) continue;
            for (const [index, [counts]] of model.cells.get(id) ?? []) {
                if (index % 5 === 0 && counts) found.set(index, [...(found.get(index) ?? []), runs(counts)]);
            }
        }
        return found;
    }

    function spans(masks) {
        const out = [];
        for (const lengths of masks) {
            for (let k = 1, at = lengths[0] ?? 0; k < lengths.length; k += 2) {
                out.push([at, at + lengths[k]]);
                at += lengths[k] + (lengths[k + 1] ?? 0);
            }
        }
        return out.sort((a, b) => a[0] - b[0]);
    }

    // Share of the pixels of both that both have, over the frames that were kept.
    function overlap(a, b) {
        let both = 0;
        let all = 0;
        for (const index of new Set([...a.keys(), ...b.keys()])) {
            const [one, other] = [spans(a.get(index) ?? []), spans(b.get(index) ?? [])];
            const size = (list) => list.reduce((sum, [from, to]) => sum + to - from, 0);
            let common = 0;
            for (let i = 0, j = 0; i < one.length && j < other.length;) {
                common += Math.max(0, Math.min(one[i][1], other[j][1]) - Math.max(one[i][0], other[j][0]));
                if (one[i][1] < other[j][1]) i++;
                else j++;
            }
            both += common;
            all += size(one) + size(other) - common;
        }
        return all ? both / all : 1;
    }

    function compare() {
        const { normal } = answers;
        const words = SOUNDS.slice(1).filter(([value]) => normal && answers[value]).map(([value]) => {
            const other = answers[value];
            const how = value === "mute" ? "Muted" : "With noise";
            const same = normal.found === other.found && overlap(normal.pixels, other.pixels) >= SAME;
            if (same) return how + ", the answer is the same: it did not need the sound.";
            if (normal.found && !other.found) return how + ", nothing is found: the answer came from the sound.";
            return how + ", the answer is another one: it used the sound.";
        });
        const one = Object.keys(answers).length === 2;
        if (!words.length && one) words.push(normal ? "Refer again muted, or with noise, to see whether the answer used the sound." : "Refer with its sound, too, to compare.");
        compared.replaceChildren(icon("listen"), el("span", {}, words.join(" ")));
        compared.hidden = !words.length;
    }

    // Clips to try
    const grid = el("div", { class: "gallery", "aria-busy": "true" }, ...Array.from({ length: 4 }, () => el("div", { class: "tile waiting" })));
    const card = el("section", { class: "card refer-only", "aria-label": "Clips to try" },
        el("div", { class: "title-row" }, el("h2", { class: "title" }, "Clips to try"),
            el("button", { type: "button", class: "ghost small", onclick: () => part("file").click() }, icon("upload"), "Your own, up to 500 MB")), grid);
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
                type: "button", class: "tile", "data-clip": clip.key, title: clip.name, onclick: () => app.source.open(clip.key),
            }, el("img", { src: new URL(clip.picture, document.baseURI), alt: "", loading: "lazy" }), el("span", {}, clip.name))));
            mark();
        } catch (error) {
            grid.replaceChildren(el("p", { class: "nothing" }, error.message),
                el("button", { type: "button", onclick: fill }, "Try again"));
        }
        grid.removeAttribute("aria-busy");
    }

    model.on("open", () => {
        compared.hidden = true;
        answers = {};
        mark();
    });
    fill();
}
