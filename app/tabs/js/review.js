// Review: what waits for you, what came back to you, and how often people agree.
import { el, icon } from "./dom.js";
import { finding } from "./finding.js";
import { second } from "./second.js";
import { submit } from "./submit.js";

const TEXT = {
    label: "Review",
    title: "Look for what others wrote",
    waiting: (n) => n === "1" ? "One pair waits for you." : n + " pairs wait for you.",
    nothing: "Nothing waits for you now.",
    alone: (person) => "Everybody who opens this page works as “" + person + "”, and nobody reviews their own pairs. Give people names: refavs user add NAME --auth people.json, then launch with --auth people.json.",
    how: "You get the clip with its sound and the sentence, never the first person's mask. Mark what it means, or say that nothing fits. If you two agree, the pair is accepted.",
    next: "Look at the next one",
    back: "Came back to you",
    mend: "Open and mend",
    mendTitle: "Open this pair in Annotate, at this frame",
    found: ({ none, iou, reviewer, null: nothing }) => none ? reviewer + " found nothing that fits."
        : nothing ? reviewer + " found something that fits."
            : reviewer + " found something else" + (iou === null ? "." : ", overlap " + Math.round(100 * iou) + " %."),
    you: "you",
    fitsNothing: ": nothing fits",
    drafts: "Your drafts",
    idle: "You have no drafts, and nothing of yours waits or came back.",
    all: "Submit all",
    handed: (n) => n === 1 ? "One pair was submitted." : n + " pairs were submitted.",
    refused: "These stay drafts:",
    submitted: "Waiting for a second person",
    more: (count, shown) => "and " + (count.endsWith("+") ? "more" : count - shown + " more"),
    gone: "its video is not here any more",
    agreement: "Agreement",
    noReviews: "No pair was looked for by a second person yet.",
    total: ([agreed, of]) => "A second person found the same in " + agreed + " of " + of + (of === 1 ? " review" : " reviews") + " (" + Math.round((100 * agreed) / of) + " %).",
    alpha: (value) => "Krippendorff's alpha " + value.toFixed(2),
    alphaWords: "1: always the same, 0: as by chance.",
    noAlpha: "Krippendorff's alpha needs answers that differ.",
    people: ["Annotator", "Wrote", "Found"],
    peopleTitle: "How often others found what a person wrote, and a person what others wrote",
    cues: ["Leans on", "Found"],
    share: ([agreed, of]) => of ? agreed + " of " + of : "–",
    loading: "Looking at what waits …",
    again: "Try again",
    badge: (waiting, returned) => waiting + " wait for you, " + returned + " came back",
};

export function review(app) {
    const { net, attempt } = app;
    second(app);
    submit(app);
    const found = finding(app);
    const body = el("div", { class: "panel-body" });
    const panel = el("section", { "aria-label": TEXT.label }, body);
    const badge = el("span", { class: "tab-count", hidden: true });

    function hero({ waiting, alone, person, returned_count: returned }) {
        const any = waiting !== "0";
        const go = el("button", { type: "button", class: any ? "primary" : "", disabled: !any, "data-do": "review-next", onclick: start }, icon("listen"), TEXT.next);
        async function start() {
            go.disabled = true;
            await found.next();
            go.disabled = false;
            if (!app.model.desk?.finding) show();
        }
        tally({ waiting, returned });
        return el("article", { class: "card waiting-card" }, el("h2", { class: "title" }, TEXT.title),
            el("p", { class: "big" }, any ? TEXT.waiting(waiting) : TEXT.nothing),
            el("p", { class: "hint" }, alone && !any ? TEXT.alone(person) : TEXT.how), el("div", { class: "row" }, go));
    }

    function cameBack(pair) {
        const { review: told } = pair;
        const picture = pair.picture && el("img", { src: new URL(pair.picture, document.baseURI), alt: "", loading: "lazy" });
        if (picture) picture.addEventListener("error", () => picture.remove());
        return el("article", { class: "returned", "data-pair": pair.id },
            el("div", { class: "frame-picture" }, picture ?? el("span", { class: "no-picture" }, TEXT.gone)),
            el("div", { class: "stack" }, el("p", { class: "words" }, pair.expression), pair.comment && el("p", { class: "comment" }, "“" + pair.comment + "”"),
                told && el("p", { class: "hint" }, TEXT.found(told)),
                told && el("p", { class: "legend" }, whose("first", TEXT.you, told.null), whose("other", told.reviewer, told.none)),
                el("p", { class: "meta" }, pair.name + " · " + new Date(pair.at).toLocaleDateString()),
                el("div", { class: "row" }, el("button", {
                    type: "button", disabled: !pair.clip, title: TEXT.mendTitle,
                    onclick: () => app.links.go({ clip: pair.clip, pair: pair.id, frame: pair.frame }),
                }, icon("here"), TEXT.mend))));
    }

    function whose(kind, name, nothing) {
        return el("span", { class: "whose" }, nothing ? null : el("i", { class: "swatch " + kind }), el("span", {}, name + (nothing ? TEXT.fitsNothing : "")));
    }

    function lines(list, count) {
        return el("ul", { class: "lines" }, ...list.map((pair) => el("li", {}, el("button", {
            type: "button", class: "ghost line", disabled: !pair.clip, "data-pair": pair.id, title: pair.clip ? null : TEXT.gone,
            onclick: () => app.links.go({ clip: pair.clip, pair: pair.id }),
        }, el("span", { class: "words" }, pair.expression), el("span", { class: "meta" }, pair.name)))),
        Number.parseInt(count, 10) > list.length || count.endsWith("+") ? el("li", { class: "hint" }, TEXT.more(count, list.length)) : null);
    }

    function section(title, count, content, action = null) {
        return count === "0" ? null : el("section", { class: "card", "aria-label": title }, el("div", { class: "title-row" },
            el("h2", { class: "title" }, title + " ", el("span", { class: "count" }, count === "0" ? "" : count)), action),
        content);
    }

    function draftsOf(work) {
        const news = el("div", { class: "stack", role: "status" });
        const all = el("button", { type: "button", class: "small", "data-do": "submit-drafts", onclick: hand }, TEXT.all);
        async function hand() {
            all.disabled = true;
            const answer = await attempt(() => net.ask("submit drafts"));
            all.disabled = false;
            if (!answer) return;
            if (answer.submitted) app.notice(TEXT.handed(answer.submitted));
            if (app.net.token) net.ask("stand").catch(() => {});
            await show();
            if (answer.refused.length) refusals(answer.refused);
        }
        return section(TEXT.drafts, work.drafts_count, el("div", { class: "stack" }, lines(work.drafts, work.drafts_count), news), all);
    }

    function refusals(list) {
        const host = body.querySelector("[aria-label='" + TEXT.drafts + "'] [role=status]");
        host?.replaceChildren(el("p", { class: "hint bad" }, TEXT.refused),
            el("ul", { class: "lines" }, ...list.map(({ expression, reason }) => el("li", { class: "hint" }, "“" + expression + "”: " + reason))));
    }

    function agreement({ total, alpha, people, cues }) {
        if (!total[1]) return el("article", { class: "card" }, el("h2", { class: "title" }, TEXT.agreement), el("p", { class: "nothing" }, TEXT.noReviews));
        const table = (title, head, rows) => el("table", { class: "list shares", "aria-label": title }, el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h)))),
            el("tbody", {}, ...rows.map(([name, ...shares]) => el("tr", {}, el("th", { scope: "row" }, name), ...shares.map((share) => el("td", { class: "number" }, TEXT.share(share)))))));
        return el("article", { class: "card" }, el("h2", { class: "title" }, TEXT.agreement), el("p", {}, TEXT.total(total)),
            alpha === null ? el("p", { class: "hint" }, TEXT.noAlpha) : el("p", {}, TEXT.alpha(alpha), el("span", { class: "hint" }, " " + TEXT.alphaWords)),
            table(TEXT.peopleTitle, TEXT.people, people), cues.length ? table(TEXT.cues[0], TEXT.cues, cues) : null);
    }

    async function show() {
        if (!body.children.length) body.replaceChildren(el("p", { class: "nothing", role: "status" }, TEXT.loading));
        try {
            const [work, agreed] = [await net.ask("review work"), await net.ask("review agreement")];
            const back = el("div", { class: "stack" }, ...work.returned.map(cameBack));
            const own = [section(TEXT.back, work.returned_count, back), draftsOf(work),
                section(TEXT.submitted, work.submitted_count, lines(work.submitted, work.submitted_count))].filter(Boolean);
            body.replaceChildren(el("div", { class: "dataset" },
                el("div", { class: "found" }, hero(work), ...(own.length ? own : [el("p", { class: "nothing" }, TEXT.idle)])),
                el("div", { class: "aside" }, agreement(agreed))));
        } catch (error) {
            body.replaceChildren(el("p", { class: "nothing" }, error.message), el("button", { type: "button", onclick: show }, TEXT.again));
        }
    }

    // On the tab: what waits and what came back.
    function tally({ waiting, returned }) {
        const sum = Number.parseInt(waiting, 10) + Number.parseInt(returned, 10);
        badge.textContent = sum > 99 ? "99+" : String(sum);
        badge.title = TEXT.badge(waiting, returned);
        badge.hidden = !sum;
    }

    const count = () => net.ask("review waiting").then(tally).catch(() => {});
    return { panel, show, badge, count, away: found.back };
}
