// The reasons of a referral in words. A step lights up the times and the things it speaks of, by the numbers that it uses.
import { css, ofClass } from "./colours.js";
import { clockText, el, icon } from "./dom.js";
import { reason } from "./reason_words.js";
import { language, t } from "./words.js";

const PLAIN = "#f2f4f7";

export function reasons(app) {
    const { part, model, clock, stage, lanes } = app;
    let candidates = new Map();  // number -> {id, box, present}
    let pinned = null;

    // The object on the desk that a candidate became; null = it was not chosen, or is not there any more.
    function object(candidate) {
        const id = model.verdict?.numbers?.find(([number]) => number === candidate)?.[1];
        return model.object(id) ?? null;
    }

    function light(step, node) {
        for (const other of part("reasons").querySelectorAll(".lit")) other.classList.remove("lit");
        node?.classList.add("lit");
        lanes.light(step ? { times: step.times, spans: step.spans } : null);
        stage.marks = (step?.speaks_of ?? []).filter((id) => candidates.has(id)).map((id) => {
            const found = object(id);
            return {
                box: candidates.get(id).box, words: found ? id + " = " + name(found) : String(id),
                colour: found ? css(found.id) : PLAIN,
            };
        });
        stage.draw();
    }

    function name(found) {
        return found.category || t("objects.name", { id: found.id });
    }

    function chips({ times = [], speaks_of = [] }) {
        const buttons = times.slice(0, 8).map((time) => el("button", {
            type: "button", "aria-label": t("reasons.go", { time: clockText(time, 1) }),
            onclick: () => clock.seek(clock.at(clock.pts[clock.first] + time)),
        }, clockText(time, 1)));
        for (const id of speaks_of) {
            const found = object(id);
            if (!found) continue;
            buttons.unshift(el("button", { type: "button", class: "who", title: t("reasons.choose"), onclick: () => model.choose(found.id) },
                el("i", { class: "swatch", style: "background:" + css(found.id) }), id === name(found) ? id : id + " = " + name(found)));
        }
        return buttons.length ? el("span", { class: "times" }, ...buttons) : null;
    }

    function row(step) {
        const speaks = step.times?.length || step.spans?.length || step.speaks_of?.length;
        const node = el("li", speaks ? {
            class: "speaks", tabindex: "0",
            onpointerenter: () => light(step, node), onpointerleave: () => light(pinned?.step, pinned?.node),
            onfocus: () => light(step, node), onblur: () => light(pinned?.step, pinned?.node),
            onclick: (event) => {
                if (event.target.closest("button")) return;
                pinned = pinned?.node === node ? null : { step, node };
                if (pinned) show(step);
                light(pinned?.step, pinned?.node);
            },
        } : {}, icon(step.kind), told(step.words), chips(step));
        return node;
    }

    // A step that speaks of a thing takes the eye to a frame where it was seen.
    function show(step) {
        const first = candidates.get(step.speaks_of?.[0]);
        const now = clock.time();
        const times = first?.present ?? [];
        if (!times.length || times.some((time) => Math.abs(time - now) < 0.6)) return;
        clock.pause();
        clock.seek(clock.at(clock.pts[clock.first] + times.reduce((a, b) => (Math.abs(b - now) < Math.abs(a - now) ? b : a))));
    }

    // What has no words in the page's language stays in English, as the system wrote it.
    function told(text, split = false) {
        const words = reason(text);
        return el("span", { lang: words === text ? "en" : null }, ...(split ? halves(words) : [words]));
    }

    // The answer itself stands before such reasons in the page's language.
    function head({ found, words }) {
        return language === "en" || reason(words) !== words ? [] : [el("strong", { title: t("reasons.english") }, t(found ? "reasons.found" : "reasons.none")), " "];
    }

    // What was answered is strong, why it was is not.
    function halves(text) {
        const at = Math.max(text.indexOf(" because "), text.indexOf("，因为"));
        return at < 0 ? [el("strong", {}, text)] : [el("strong", {}, text.slice(0, at)), text.slice(at)];
    }

    // What the colours say, a class a line; the objects of a class have the same.
    const classes = el("ul", { class: "legend", "aria-label": t("sounds.legend"), "data-part": "classes" });

    function legend() {
        const shown = new Map(model.objects.filter(({ id }) => ofClass(id)).map(({ id, category }) => [category, id]));
        classes.hidden = !shown.size;
        classes.replaceChildren(...[...shown].map(([category, id]) =>
            el("li", { class: "whose" }, el("i", { class: "swatch", style: "--swatch:" + css(id) }), el("span", { lang: "en" }, category))));
    }

    function draw() {
        const card = part("reasons");
        const { verdict, reasons: steps } = model;
        pinned = null;
        light(null);
        candidates = new Map(steps.flatMap((step) => step.candidates ?? []).map((one) => [one.id, one]));
        card.hidden = !verdict && !steps.length;
        part("chips").classList.toggle("short", !card.hidden);  // a line of them, below it is the answer
        const others = steps.filter(({ words }) => words !== verdict?.words);
        const list = el("ol", { class: "steps", "aria-label": t("reasons.steps") }, ...others.map(row));
        const why = el("details", {
            open: localStorage.getItem("refavs.why") !== "closed",
            ontoggle: (event) => localStorage.setItem("refavs.why", event.target.open ? "open" : "closed"),
        }, el("summary", {}, t("reasons.step-by-step")), list);
        const answer = steps.find(({ words }) => words === verdict?.words);
        const top = verdict && el("p", {
            class: "verdict", onpointerenter: () => answer && light(answer), onpointerleave: () => light(pinned?.step, pinned?.node),
        }, icon(verdict.found ? "check" : "none"), el("span", {}, ...head(verdict), told(verdict.words, true)));
        legend();
        card.replaceChildren(...(top ? [top] : []), classes, why);
        if (!verdict) list.scrollTop = list.scrollHeight;
    }

    model.on("steps", ({ steps, verdict }) => {
        model.reasons = steps;
        model.verdict = verdict;
        model.colour();
        draw();
        model.say("masks");
    });
    model.on("open", draw);
    model.on("objects", legend);
}
