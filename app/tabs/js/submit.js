// Annotate: why nothing fits, handing saved pairs to a second person, and what came back.
import { clockText, el, icon } from "./dom.js";

const TEXT = {
    why: "Why does nothing fit?",
    ask: "Say why nothing fits: choose one of the three under the objects.",
    kinds: [
        ["silent", "Silent", "The thing is seen, but makes no such sound"],
        ["off-screen", "Off-screen", "The thing is heard, but never seen"],
        ["absent", "Absent", "The thing is neither seen nor heard"],
    ],
    submit: "Submit for review",
    submitTitle: "A second person looks for it without your mask; until then it stays as it is",
    drafts: (n) => "Submit all " + n + " drafts of this clip",
    submitted: "Submitted. It waits for a second person, and stays as it is until then. Another sentence makes a new pair.",
    accepted: "Accepted: a second person found the same. A change makes it a draft again.",
    others: (status) => "This pair is somebody else's, and " + status + ".",
    back: "It came back",
    mend: "Mend the mask or the sentence and save, or submit it again as it is. Saving changes this pair.",
    found: ({ none, iou, reviewer, null: nothing }) => none ? reviewer + " found nothing that fits."
        : nothing ? reviewer + " found something that fits."
            : reviewer + " found something else" + (iou === null ? "." : " (overlap " + Math.round(100 * iou) + " %)."),
    comment: (words) => "“" + words + "”",
    you: "you",
    frame: (time) => "Go to where they marked it, " + time,
};

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
    const choices = TEXT.kinds.map(([value, words, title]) => el("button", {
        type: "button", role: "radio", "aria-checked": "false", "data-why": value, title, onclick: () => choose(value),
    }, words));
    const explained = el("p", { class: "hint" });
    const why = el("div", { class: "why annotate-only", hidden: true },
        el("span", { class: "hint", id: "refavs-why" }, TEXT.why),
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
            app.notice(TEXT.ask, { error: true });
            model.say("expression");
            choices[0].focus();
            return false;
        },
    };

    // Handing in
    const hand = el("button", { type: "button", "data-do": "submit", hidden: true, title: TEXT.submitTitle, onclick: () => send([model.saved.pair]) }, TEXT.submit);
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
    const card = el("section", { class: "card came-back annotate-only", "aria-label": TEXT.back, hidden: true });
    part("expression").closest(".card").before(card);

    function cameBack(saved) {
        const { review } = saved;
        const at = review?.frame ?? null;
        card.replaceChildren(
            el("div", { class: "title-row" }, el("h2", { class: "title" }, icon("reflect"), TEXT.back)),
            ...(review ? [el("p", {}, TEXT.found(review))] : []),
            ...(saved.comment ? [el("p", { class: "comment" }, TEXT.comment(saved.comment))] : []),
            ...(review ? [app.legend(TEXT.you, model.objects.filter((object) => object.fits), review.reviewer)] : []),
            ...(at === null ? [] : [el("button", { type: "button", class: "small", onclick: () => { clock.pause(); clock.seek(at); } }, icon("here"), TEXT.frame(clockText(clock.time(at))))]),
            el("p", { class: "hint" }, TEXT.mend));
    }

    // Told by pairs.js whenever the state of saving is looked at again.
    app.standing = ({ words, fitting, clean }) => {
        const { saved } = model;
        const nothing = Boolean(words) && !fitting.length;
        const decided = model.objects.length > 0 || model.verdict?.found === false || (saved?.null_kind && clean) || asked;
        why.hidden = !nothing || !decided;
        const now = kind();
        for (const choice of choices) choice.setAttribute("aria-checked", String(choice.dataset.why === now));
        explained.textContent = TEXT.kinds.find(([value]) => value === now)?.[2] ?? "";
        const status = saved?.status;
        hand.hidden = !(clean && saved.mine && ["draft", "returned"].includes(status));
        standing.textContent = !clean ? "" : status === "submitted" && !saved.mine ? TEXT.others("waits for its review") : TEXT[status] ?? "";
        standing.hidden = !standing.textContent;
        const returned = saved?.mine && status === "returned";
        card.hidden = !returned;
        if (returned) cameBack(saved);
        const waiting = drafts().length;
        all.hidden = waiting < 2;
        all.textContent = TEXT.drafts(waiting);
    };

    function taken() {
        picked = null;
        asked = false;
    }

    model.on("open saved", taken);
    // Somebody may have judged a pair meanwhile.
    model.on("tab", () => {
        if (app.root.dataset.tab === "annotate" && model.pairs.some((pair) => pair.status === "submitted")) net.ask("stand").catch(() => {});
    });
}
