// Answers that are only looked at, beside the answer on the desk: to another sound, or of another system.
import { css } from "./colours.js";
import { el, icon } from "./dom.js";
import { runs } from "./rle.js";
import { reason } from "./reason_words.js";
import { language, named, t } from "./words.js";

const SAME = 0.9;  // overlap from which on two answers count as one

export function compare(app) {
    const { root, model, net, part, overlay, lanes, attempt } = app;
    const card = el("section", { class: "card compared refer-only", "aria-label": t("compare"), role: "status", hidden: true });
    part("reasons").before(card);
    let known = [];  // what was there when the card was drawn last
    let chosen = null;  // which of them lies on the picture

    const who_of = ({ system, sound = "normal" }) => t("compare.who", { system, sound: named("heard.said", sound) });
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
        if (!first) return t("compare.first");
        const share = trial.found && first.found ? overlap(pixels(first.objects), pixels(trial.objects)) : trial.found === first.found ? 1 : 0;
        if (trial.sound === "normal") {
            if (trial.found !== first.found) return t(trial.found ? "compare.says-none" : "compare.finds", { system: first.system });
            return trial.found ? t("compare.overlap", { system: first.system, share: Math.round(100 * share) }) : t("compare.both-none");
        }
        if (share >= SAME) return t("compare.same");
        if (first.found && !trial.found) return t("compare.from-sound");
        return t("compare.used");
    }

    function draw() {
        const { verdict, trials } = model;
        const news = trials.filter((trial) => !known.some((other) => key(other) === key(trial) && other.objects[0]?.id === trial.objects[0]?.id));
        if (news.length) chosen = key(news.at(-1));
        known = trials;
        const refer = root.dataset.tab === "refer";
        const before = model.shown.length;
        model.shown = refer ? trials.filter((trial) => key(trial) === chosen).flatMap((trial) =>
            trial.objects.map((object) => ({ ...object, category: trial.sound === "normal" ? trial.system : who_of(trial), trial: true }))) : [];
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
            el("div", { class: "title-row" }, el("h2", { class: "title" }, t("compare.title")),
                el("button", { type: "button", class: "ghost small", "data-do": "forget", onclick: () => attempt(() => net.ask("forget")) }, icon("close"), t("compare.forget"))),
            ...(same(trials[0]) ? [row(own, { words: own.words, mark: own.objects })] : []),
            ...trials.map((trial) => row(trial, { words: trial.words, mark: trial.objects, says: meaning(trial, first(trial)), toggle: true })),
            el("p", { class: "hint" }, t("compare.hint")));
    }

    function row(answer, { words, mark, says = null, toggle = false }) {
        const who = who_of(answer);
        const on = key(answer) === chosen;
        const colours = mark.length ? mark.map(({ id }) => css(id)) : ["var(--line)"];
        const head = [...colours.map((colour) => el("i", { class: "swatch" + (toggle ? " striped" : ""), style: "--swatch:" + colour })),
            el("strong", {}, who), toggle ? el("span", { class: "badge" }, t("compare.test")) : null];
        return el("div", { class: "answer", "data-answer": answer.system + " " + (answer.sound ?? "normal") },
            toggle ? el("button", {
                type: "button", class: "who", "aria-pressed": String(on), title: t(on ? "compare.off" : "compare.on"),
                onclick: () => { chosen = on ? null : key(answer); draw(); },
            }, ...head.filter(Boolean)) : el("div", { class: "who" }, ...head.filter(Boolean)),
            answered(words), says && el("p", { class: "says" }, says));
    }

    // Without why, which its title has.
    function answered(text) {
        const words = reason(text);
        const [what, why] = words.split(/ because |，因为/);
        return el("p", { title: words, lang: words === text ? "en" : null }, why === undefined ? what : what + (words === text ? "." : "。"));
    }

    model.on("open objects steps tab job complete", () => draw());
}
