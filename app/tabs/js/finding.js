// A second person looks for what a sentence means, without the first one's mask; then both lie side by side.
import { el, icon } from "./dom.js";
import { locale, t } from "./words.js";

const BEFORE = "refavs.before";
const ALIVE = 60_000;  // ms between two looks at whether the person is still at it

export function finding(app) {
    const { root, model, net, attempt } = app;
    const words = el("blockquote", { class: "asked" });
    const comment = el("textarea", { rows: "2", maxlength: "1000", id: "refavs-comment" });
    const send = el("button", { type: "button", class: "primary", "data-do": "found", title: t("find.send.title"), onclick: () => answer(false) }, t("find.send"));
    const none = el("button", { type: "button", "data-do": "none-fits", title: t("find.none.title"), onclick: () => answer(true) }, icon("none"), t("find.none"));
    const leave = el("button", { type: "button", class: "ghost small", "data-do": "leave", onclick: giveBack }, t("find.back"));
    const until = el("p", { class: "hint" });
    const open = el("div", { class: "stack" }, el("p", { class: "hint" }, t("find.how")),
        el("div", { class: "row" }, send, none, leave),
        el("label", { class: "hint", for: "refavs-comment" }, t("find.comment")), comment, until);
    const result = el("div", { class: "stack", role: "status", tabindex: "-1" });
    const card = el("section", { class: "card review-only", "aria-label": t("find"), "data-part": "finding" },
        el("h2", { class: "title" }, t("find.title")), words, open, result);
    root.querySelector(".side").prepend(card);
    let sending = false;
    let id = null;
    let marked = -1;

    function draw() {
        const now = model.desk?.finding;
        if (!now) return;
        words.textContent = now.expression;
        open.hidden = Boolean(now.done);
        result.hidden = !now.done;
        const pixels = model.objects.some((object) => [...model.cells.get(object.id).values()].some((cell) => cell[0]));
        send.disabled = sending || !pixels;
        none.disabled = leave.disabled = sending;
        until.textContent = t("find.until", { time: new Date(now.until).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" }) });
        if (now.done) told(now.done);
    }

    function told({ agrees, none: nothing, null: wrote, iou, author }) {
        const head = agrees ? (nothing ? t("find.same-none") : t("find.same"))
            : nothing ? t("find.found-none", { author }) : wrote ? t("find.found-one", { author }) : t("find.other", { author });
        result.replaceChildren(
            el("p", { class: agrees ? "outcome agrees" : "outcome" }, icon(agrees ? "check" : "reflect"),
                el("span", {}, el("strong", {}, head), " ", agrees ? t("find.accepted") : t("find.goes-back", { author }), iou === null ? "" : " " + t("find.overlap", { share: Math.round(100 * iou) }))),
            app.legend(t("you"), nothing ? [] : model.objects, author),
            el("div", { class: "row" }, el("button", { type: "button", class: "primary", "data-do": "next-pair", onclick: next }, t("find.next")),
                el("button", { type: "button", "data-do": "to-list", onclick: back }, t("find.list"))));
    }

    async function answer(nothing) {
        sending = true;
        id ??= uuid();
        draw();
        const done = await attempt(() => net.ask("found", { none: nothing, comment: comment.value, id }));
        sending = false;
        if (done) {
            id = null;
            comment.value = "";
            result.focus({ preventScroll: true });
            app.review.count();
        }
        draw();
    }

    // The next pair, instead of what is open.
    async function next() {
        const taken = await attempt(() => net.ask("review next"));
        if (!taken) {
            if (model.desk?.finding) await back();
            return;
        }
        if (model.desk && !model.desk.finding) sessionStorage.setItem(BEFORE, model.desk.source);
        await app.source.open(taken.source);
    }

    // The clip that was open before.
    async function back() {
        const before = sessionStorage.getItem(BEFORE);
        if (before) await app.source.open(before);
        // The clip of a pair that is still looked for does not open: the first one that does is shown.
        if (!before || model.desk?.finding) {
            const { clips } = await net.ask("gallery");
            for (const { key } of clips) {
                if (model.desk?.finding && key !== before) await app.source.open(key);
            }
        }
        if (model.desk?.finding) app.tab("review");
        app.review.count();
    }

    async function giveBack() {
        if (await attempt(() => net.ask("leave"))) await back();
    }

    model.on("finding", ({ finding: now }) => {
        model.desk.finding = now;
        draw();
    });
    model.on("open", () => {
        root.dataset.finding = String(Boolean(model.desk.finding));
        sending = false;
        marked = model.revision;
        comment.value = "";
        draw();
    });
    model.on("objects masks", draw);
    setInterval(() => {
        const now = model.desk?.finding;
        if (!now || now.done || model.revision === marked) return;
        marked = model.revision;
        attempt(() => net.ask("hold"));
    }, ALIVE);
    return { next, back };
}

function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
