// The sentence, Refer with its progress, and the reasons in words.
import { clockText, el, icon } from "./dom.js";

const EXAMPLES = ["The object making a sound", "The object making the loudest sound", "The first object to make a sound"];

export function sentence(app) {
    const { part, button, model, net, clock, attempt } = app;
    const box = part("expression");

    function examples() {
        const words = app.source.expressions();
        part("chips").replaceChildren(...(words.length ? words : EXAMPLES).map((text) => el("button", {
            type: "button", title: text, onclick: () => { box.value = text; box.focus(); model.say("expression"); },
        }, text)));
    }

    function refer() {
        return attempt(() => net.send("work", { do: "refer", expression: box.value }));
    }

    button("refer").addEventListener("click", refer);
    box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            if (!button("refer").disabled) refer();
        }
    });
    box.addEventListener("input", () => model.say("expression"));

    function step({ kind, words, times = [] }) {
        return el("li", {}, icon(kind), el("span", {}, words), times.length ? el("span", { class: "times" },
            ...times.slice(0, 8).map((time) => el("button", {
                type: "button", "aria-label": "Go to " + clockText(time, 1),
                onclick: () => clock.seek(clock.at(clock.pts[clock.first] + time)),
            }, clockText(time, 1)))) : null);
    }

    // What was answered is strong, why it was is not.
    function halves(words) {
        const at = words.indexOf(" because ");
        return at < 0 ? [el("strong", {}, words)] : [el("strong", {}, words.slice(0, at)), words.slice(at)];
    }

    function reasons() {
        const card = part("reasons");
        const verdict = model.verdict;
        card.hidden = !verdict && !model.reasons.length;
        part("chips").hidden = !card.hidden;
        const others = model.reasons.filter(({ words }) => words !== verdict?.words);
        const list = el("ol", { class: "steps", tabindex: "0", "aria-label": "Steps" }, ...others.map(step));
        const why = el("details", {
            open: localStorage.getItem("refavs.why") !== "closed",
            ontoggle: (event) => localStorage.setItem("refavs.why", event.target.open ? "open" : "closed"),
        }, el("summary", {}, "Step by step"), list);
        card.replaceChildren(...(verdict ? [el("p", { class: "verdict" },
            icon(verdict.found ? "check" : "none"), el("span", {}, ...halves(verdict.words)))] : []), why);
        if (!verdict) list.scrollTop = list.scrollHeight;
    }

    model.on("steps", ({ steps, verdict }) => {
        model.reasons = steps;
        model.verdict = verdict;
        reasons();
    });
    model.on("open", () => {
        box.value = model.desk.expression;
        examples();
        reasons();
    });
}
