// Review: what waits for you, what came back to you, and how often people agree.
import { el, icon } from "./dom.js";
import { finding } from "./finding.js";
import { second } from "./second.js";
import { outcome, submit } from "./submit.js";
import { locale, named, said, t } from "./words.js";

export function review(app) {
    const { net, attempt } = app;
    second(app);
    submit(app);
    const found = finding(app);
    const body = el("div", { class: "panel-body" });
    const panel = el("section", { "aria-label": t("tab.review") }, body);
    const badge = el("span", { class: "tab-count", hidden: true });

    function hero({ waiting, alone, person, returned_count: returned }) {
        const any = waiting !== "0";
        const go = el("button", { type: "button", class: any ? "primary" : "", disabled: !any, "data-do": "review-next", onclick: start }, icon("listen"), t("review.next"));
        async function start() {
            go.disabled = true;
            await found.next();
            go.disabled = false;
            if (!app.model.desk?.finding) show();
        }
        tally({ waiting, returned });
        return el("article", { class: "card waiting-card" }, el("h2", { class: "title" }, t("review.title")),
            el("p", { class: "big" }, any ? t("review.waiting", { n: waiting === "1" ? 1 : waiting }) : t("review.nothing")),
            el("p", { class: "hint" }, alone && !any ? t("review.alone", { person }) : t("review.how")), el("div", { class: "row" }, go));
    }

    function cameBack(pair) {
        const { review: told } = pair;
        const picture = pair.picture && el("img", { src: new URL(pair.picture, document.baseURI), alt: "", loading: "lazy" });
        if (picture) picture.addEventListener("error", () => picture.remove());
        return el("article", { class: "returned", "data-pair": pair.id },
            el("div", { class: "frame-picture" }, picture ?? el("span", { class: "no-picture" }, t("review.gone"))),
            el("div", { class: "stack" }, el("p", { class: "words" }, pair.expression), pair.comment && el("p", { class: "comment" }, t("quote", { words: pair.comment })),
                told && el("p", { class: "hint" }, outcome(told)),
                told && el("p", { class: "legend" }, whose("first", t("you"), told.null), whose("other", told.reviewer, told.none)),
                el("p", { class: "meta" }, said(pair.name) + " · " + new Date(pair.at).toLocaleDateString(locale)),
                el("div", { class: "row" }, el("button", {
                    type: "button", disabled: !pair.clip, title: t("review.mend.title"),
                    onclick: () => app.links.go({ clip: pair.clip, pair: pair.id, frame: pair.frame }),
                }, icon("here"), t("review.mend")))));
    }

    function whose(kind, name, nothing) {
        return el("span", { class: "whose" }, nothing ? null : el("i", { class: "swatch " + kind }), el("span", {}, nothing ? t("legend.nothing", { name }) : name));
    }

    function lines(list, count) {
        return el("ul", { class: "lines" }, ...list.map((pair) => el("li", {}, el("button", {
            type: "button", class: "ghost line", disabled: !pair.clip, "data-pair": pair.id, title: pair.clip ? null : t("review.gone"),
            onclick: () => app.links.go({ clip: pair.clip, pair: pair.id }),
        }, el("span", { class: "words" }, pair.expression), el("span", { class: "meta" }, said(pair.name))))),
        Number.parseInt(count, 10) > list.length || count.endsWith("+") ? el("li", { class: "hint" }, count.endsWith("+") ? t("review.more-many") : t("review.more", { n: count - list.length })) : null);
    }

    function section(title, count, content, action = null) {
        return count === "0" ? null : el("section", { class: "card", "aria-label": title }, el("div", { class: "title-row" },
            el("h2", { class: "title" }, title + " ", el("span", { class: "count" }, count === "0" ? "" : count)), action),
        content);
    }

    function draftsOf(work) {
        const news = el("div", { class: "stack", role: "status" });
        const all = el("button", { type: "button", class: "small", "data-do": "submit-drafts", onclick: hand }, t("review.all"));
        async function hand() {
            all.disabled = true;
            const answer = await attempt(() => net.ask("submit drafts"));
            all.disabled = false;
            if (!answer) return;
            if (answer.submitted) app.notice(t("review.handed", { n: answer.submitted }));
            if (app.net.token) net.ask("stand").catch(() => {});
            await show();
            if (answer.refused.length) refusals(answer.refused);
        }
        return section(t("review.drafts"), work.drafts_count, el("div", { class: "stack" }, lines(work.drafts, work.drafts_count), news), all);
    }

    function refusals(list) {
        const host = body.querySelector("[aria-label='" + t("review.drafts") + "'] [role=status]");
        host?.replaceChildren(el("p", { class: "hint bad" }, t("review.refused")),
            el("ul", { class: "lines" }, ...list.map(({ expression, reason }) => el("li", { class: "hint" }, "“" + expression + "”: " + said(reason)))));
    }

    function agreement({ total, alpha, people, cues }) {
        if (!total[1]) return el("article", { class: "card" }, el("h2", { class: "title" }, t("review.agreement")), el("p", { class: "nothing" }, t("review.none")));
        const table = (title, head, rows) => el("table", { class: "list shares", "aria-label": title }, el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h)))),
            el("tbody", {}, ...rows.map(([name, ...shares]) => el("tr", {}, el("th", { scope: "row" }, name), ...shares.map((share) => el("td", { class: "number" }, share[1] ? t("share", { agreed: share[0], n: share[1] }) : "–"))))));
        return el("article", { class: "card" }, el("h2", { class: "title" }, t("review.agreement")), el("p", {}, t("review.total", { agreed: total[0], n: total[1], share: Math.round((100 * total[0]) / total[1]) })),
            alpha === null ? el("p", { class: "hint" }, t("review.no-alpha")) : el("p", {}, t("review.alpha", { value: alpha.toFixed(2) }), el("span", { class: "hint" }, " " + t("review.alpha.words"))),
            table(t("review.people"), [t("review.annotator"), t("review.wrote"), t("review.found")], people), cues.length ? table(t("remarks.leans"), [t("remarks.leans"), t("reasons.found")], cues.map(([cue, share]) => [named("cue", cue), share])) : null);
    }

    async function show() {
        if (!body.children.length) body.replaceChildren(el("p", { class: "nothing", role: "status" }, t("review.loading")));
        try {
            const [work, agreed] = [await net.ask("review work"), await net.ask("review agreement")];
            const back = el("div", { class: "stack" }, ...work.returned.map(cameBack));
            const own = [section(t("review.back"), work.returned_count, back), draftsOf(work),
                section(t("review.submitted"), work.submitted_count, lines(work.submitted, work.submitted_count))].filter(Boolean);
            body.replaceChildren(el("div", { class: "dataset" },
                el("div", { class: "found" }, hero(work), ...(own.length ? own : [el("p", { class: "nothing" }, t("review.idle"))])),
                el("div", { class: "aside" }, agreement(agreed))));
        } catch (error) {
            body.replaceChildren(el("p", { class: "nothing" }, said(error.message)), el("button", { type: "button", onclick: show }, t("try-again")));
        }
    }

    // On the tab: what waits and what came back.
    function tally({ waiting, returned }) {
        const sum = Number.parseInt(waiting, 10) + Number.parseInt(returned, 10);
        badge.textContent = sum > 99 ? "99+" : String(sum);
        badge.title = t("review.badge", { waiting, returned });
        badge.hidden = !sum;
    }

    const count = () => net.ask("review waiting").then(tally).catch(() => {});
    return { panel, show, badge, count, away: found.back };
}
