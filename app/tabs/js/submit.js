// Annotate: why nothing fits, handing saved pairs to a second person, and what came back.
import { clockText, el, icon } from "./dom.js";
import { t } from "./words.js";

const KINDS = ["silent", "off-screen", "absent"];

// What a second person found, in words.
export function outcome({ none, iou, reviewer, null: nothing }) {
    if (none) return t("found.none", { reviewer });
    if (nothing) return t("found.something", { reviewer });
    return iou === null ? t("found.else", { reviewer }) : t("found.else-iou", { reviewer, share: Math.round(100 * iou) });
}

export function submit(app) {
    const { part, button, model, net, clock, attempt } = app;
    let picked = null;
    let asked = false;

    // What was chosen now; else what is saved with this very sentence.
    function kind() {
        const { saved } = model;
        return picked ?? (saved && part("expression").value.trim() === saved.expression ? saved.null_kind : null);
    }

    // Why nothing fits
    const choices = KINDS.map((value) => el("button", {
        type: "button", role: "radio", "aria-checked": "false", "data-why": value, title: t("why." + value + ".title"), onclick: () => choose(value),
    }, t("why." + value)));
    const explained = el("p", { class: "hint" });
    const why = el("div", { class: "why annotate-only", hidden: true },
        el("span", { class: "hint", id: "refavs-why" }, t("why")),
        el("div", { class: "segments", role: "radiogroup", "aria-labelledby": "refavs-why" }, ...choices), explained);

    function choose(value) {
        picked = value;
        model.say("expression");
    }

    app.why = {
        get kind() { return kind(); },
        // Whether a save may go on; else the question is put.
        told: (fitting) => {
            if (fitting.length || kind()) return true;
            asked = true;
            app.notice(t("why.ask"), { error: true });
            model.say("expression");
            choices[0].focus();
            return false;
        },
    };

    // Handing in
    const hand = el("button", { type: "button", "data-do": "submit", hidden: true, title: t("submit.title"), onclick: () => send([model.saved.pair]) }, t("submit"));
    const standing = el("p", { class: "standing annotate-only", role: "status", hidden: true });
    const all = el("button", { type: "button", class: "small annotate-only", "data-do": "submit-all", hidden: true, onclick: () => send(drafts().map((pair) => pair.id)) });
    const row = button("save").closest(".row");
    row.before(why);
    button("save").after(hand);
    row.after(standing);
    part("pairs").after(all);

    const drafts = () => model.pairs.filter((pair) => pair.mine && pair.status === "draft");

    async function send(pairs) {
        hand.disabled = all.disabled = true;
        await attempt(() => net.ask("submit", { pairs }));
        hand.disabled = all.disabled = false;
        app.review.count();
    }

    // What came back
    const card = el("section", { class: "card came-back annotate-only", "aria-label": t("submit.back"), hidden: true });
    part("expression").closest(".card").before(card);

    function cameBack(saved) {
        const { review } = saved;
        const at = review?.frame ?? null;
        card.replaceChildren(
            el("div", { class: "title-row" }, el("h2", { class: "title" }, icon("reflect"), t("submit.back"))),
            ...(review ? [el("p", {}, outcome(review))] : []),
            ...(saved.comment ? [el("p", { class: "comment" }, t("quote", { words: saved.comment }))] : []),
            ...(review ? [app.legend(t("you"), model.objects.filter((object) => object.fits), review.reviewer)] : []),
            ...(at === null ? [] : [el("button", { type: "button", class: "small", onclick: () => { clock.pause(); clock.seek(at); } }, icon("here"), t("submit.frame", { time: clockText(clock.time(at)) }))]),
            el("p", { class: "hint" }, t("submit.mend")));
    }

    // Told by pairs.js whenever the state of saving is looked at again.
    app.standing = ({ words, fitting, clean }) => {
        const { saved } = model;
        const nothing = Boolean(words) && !fitting.length;
        const decided = model.objects.length > 0 || model.verdict?.found === false || (saved?.null_kind && clean) || asked;
        why.hidden = !nothing || !decided;
        const now = kind();
        for (const choice of choices) choice.setAttribute("aria-checked", String(choice.dataset.why === now));
        explained.textContent = KINDS.includes(now) ? t("why." + now + ".title") : "";
        const status = saved?.status;
        hand.hidden = !(clean && saved.mine && ["draft", "returned"].includes(status));
        standing.textContent = !clean ? "" : status === "submitted" && !saved.mine ? t("submit.others-waits") : ["submitted", "accepted"].includes(status) ? t("submit." + status) : "";
        standing.hidden = !standing.textContent;
        const returned = saved?.mine && status === "returned";
        card.hidden = !returned;
        if (returned) cameBack(saved);
        const waiting = drafts().length;
        all.hidden = waiting < 2;
        all.textContent = t("submit.drafts", { n: waiting });
    };

    function taken() {
        picked = null;
        asked = false;
    }

    model.on("open saved", taken);
    // Somebody may have judged a pair meanwhile; the list may know it already, what stands open does not.
    model.on("tab", () => {
        const waits = (pair) => pair?.status === "submitted";
        if (app.root.dataset.tab === "annotate" && (waits(model.saved) || model.pairs.some(waits))) net.ask("stand").catch(() => {});
    });
}
