// Answers that are only looked at, beside the answer on the desk: to another sound, or of another system.
import { css } from "./colours.js";
import { el, icon } from "./dom.js";
import { runs } from "./rle.js";

const SAME = 0.9;  // overlap from which on two answers count as one
const HEARD = { normal: "with its sound", mute: "muted", "noise:20": "noise instead" };

export function compare(app) {
    const { root, model, net, part, overlay, lanes, attempt } = app;
    const card = el("section", { class: "card compared refer-only", "aria-label": "Answers side by side", role: "status", hidden: true });
    part("reasons").before(card);
    let known = [];  // what was there when the card was drawn last
    let chosen = null;  // which of them lies on the picture

    const key = (trial) => trial.system + " " + trial.sound;

    // Of the object's masks, every fifth frame: frame index -> run lengths of each mask.
    function pixels(objects) {
        const found = new Map();
        for (const { id } of objects) {
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

    // Share of the pixels of both that both have.
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

    // What the answer says about the other answer of the same system to the clip's own sound, or of the first system.
    function meaning(trial, first) {
        if (!first) return "Refer with its sound, too, to compare.";
        const share = trial.found && first.found ? overlap(pixels(first.objects), pixels(trial.objects)) : trial.found === first.found ? 1 : 0;
        if (trial.sound === "normal") {
            if (trial.found !== first.found) return trial.found ? first.system + " says that nothing fits." : first.system + " finds something.";
            return trial.found ? "Overlap with " + first.system + ": " + Math.round(100 * share) + " %." : "Both say that nothing fits.";
        }
        if (share >= SAME) return "The same answer: it did not need the sound.";
        if (first.found && !trial.found) return "Nothing is found now: the answer came from the sound.";
        return "Another answer: it used the sound.";
    }

    function draw() {
        const { verdict, trials } = model;
        const news = trials.filter((trial) => !known.some((other) => key(other) === key(trial) && other.objects[0]?.id === trial.objects[0]?.id));
        if (news.length) chosen = key(news.at(-1));
        known = trials;
        const refer = root.dataset.tab === "refer";
        const before = model.shown.length;
        model.shown = refer ? trials.filter((trial) => key(trial) === chosen).flatMap((trial) =>
            trial.objects.map((object) => ({ ...object, category: trial.system + (trial.sound === "normal" ? "" : ", " + HEARD[trial.sound]), trial: true }))) : [];
        if (model.shown.length || before) {
            overlay.draw(app.clock.index);
            lanes.rows();
        }
        card.hidden = !trials.length;
        if (!trials.length || model.job) return;
        const own = verdict && { ...verdict, objects: model.objects.filter((object) => object.fits) };
        const same = (trial) => (own?.expression === trial.expression ? own : null);
        const first = (trial) => (trial.sound === "normal" || trial.system === own?.system ? same(trial)
            : trials.find((other) => other.system === trial.system && other.sound === "normal"));
        card.replaceChildren(
            el("div", { class: "title-row" }, el("h2", { class: "title" }, "Side by side"),
                el("button", { type: "button", class: "ghost small", "data-do": "forget", onclick: () => attempt(() => net.ask("forget")) }, icon("close"), "Take away")),
            ...(same(trials[0]) ? [row(own, { words: own.words, mark: own.objects })] : []),
            ...trials.map((trial) => row(trial, { words: trial.words, mark: trial.objects, says: meaning(trial, first(trial)), toggle: true })),
            el("p", { class: "hint" }, "Striped answers are tests: they are only looked at and never saved."));
    }

    function row(answer, { words, mark, says = null, toggle = false }) {
        const who = answer.system + ", " + (HEARD[answer.sound ?? "normal"] ?? answer.sound);
        const on = key(answer) === chosen;
        const colours = mark.length ? mark.map(({ id }) => css(id)) : ["var(--line)"];
        const head = [...colours.map((colour) => el("i", { class: "swatch" + (toggle ? " striped" : ""), style: "--swatch:" + colour })),
            el("strong", {}, who), toggle ? el("span", { class: "badge" }, "test") : null];
        return el("div", { class: "answer", "data-answer": answer.system + " " + (answer.sound ?? "normal") },
            toggle ? el("button", {
                type: "button", class: "who", "aria-pressed": String(on), title: on ? "Take it off the picture" : "Show it on the picture",
                onclick: () => { chosen = on ? null : key(answer); draw(); },
            }, ...head.filter(Boolean)) : el("div", { class: "who" }, ...head.filter(Boolean)),
            el("p", { title: words }, words.split(" because ")[0].replace(/([^.])$/, "$1.")), says && el("p", { class: "says" }, says));
    }

    model.on("open objects steps tab job complete", () => draw());
}
