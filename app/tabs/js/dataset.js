// Dataset: the saved pairs with pictures, what there is in all, export and import.
import { el, icon } from "./dom.js";
import { exchange } from "./exchange.js";
import { plot } from "./plots.js";
import { locale, named, said, t } from "./words.js";

export function dataset(app) {
    const { net } = app;
    const text = el("input", { type: "search", placeholder: t("data.words"), "aria-label": t("data.words") });
    const category = el("input", { type: "search", placeholder: t("data.category"), "aria-label": t("data.category") });
    const [cue, status, annotator, session] = ["cue", "status", "annotator", "session"].map((name) => [t("data." + name + ".any"), t("data." + name)]).map(([any, label]) =>
        el("select", { "aria-label": label, "data-any": any }, el("option", { value: "" }, any)));
    const since = el("input", { type: "date", "aria-label": t("data.since"), title: t("data.since") });
    const count = el("span", { class: "hint", role: "status" });
    const list = el("div", { class: "cards" });
    const more = el("button", { type: "button", hidden: true, onclick: () => load(next) }, t("data.more"));
    const plots = el("div", { class: "plots" });
    const chosen = () => ({
        status: status.value, annotator: annotator.value, session: session.value,
        since: since.value && new Date(since.value + "T00:00").toISOString(),
    });
    const trade = exchange(app, { chosen, changed: refresh });
    const panel = el("section", { "aria-label": t("tab.dataset") }, el("div", { class: "panel-body" },
        el("div", { class: "dataset" },
            el("div", { class: "found" },
                el("div", { class: "filters", role: "search" }, text, category, cue, status, annotator, session, since, count), list, more),
            el("div", { class: "aside" }, trade, plots))));
    let next = null;
    let latest = 0;
    let total = null;

    function item(pair) {
        const away = t(pair.hidden ? "data.picture.hidden" : "data.no-video");
        const about = pair.null ? t("nothing-fits") : pair.categories.map((name) => name || t("objects.plain")).join(", ");
        const picture = pair.picture && el("img", { src: new URL(pair.picture, document.baseURI), alt: t("data.picture", { index: pair.frame, name: pair.name }), loading: "lazy" });
        if (picture) picture.addEventListener("error", () => picture.replaceWith(missing(t("data.picture.failed"))));
        return el("button", {
            type: "button", class: "pair-card", "data-pair": pair.id, disabled: !pair.clip, title: pair.clip ? t("data.open") : away,
            onclick: () => app.links.go({ clip: pair.clip, pair: pair.id, frame: pair.frame }),
        }, picture ?? missing(away),
        el("span", { class: "words" }, pair.expression || t("data.no-sentence")),
        el("span", { class: "cues" }, ...pair.cues.map((name) => el("span", { class: "cue " + name }, named("cue", name)))),
        el("span", { class: "meta" }, [...(about ? [about] : []), named("state", pair.status), pair.annotator, new Date(pair.at).toLocaleDateString(locale)].join(" · ")));
    }

    function missing(words) {
        return el("span", { class: "no-picture" }, words);
    }

    async function load(after = null) {
        const mine = ++latest;
        if (!after) list.setAttribute("aria-busy", "true");
        more.disabled = true;
        try {
            const found = await net.ask("pairs", { text: text.value, category: category.value, cue: cue.value, ...chosen(), after });
            if (mine !== latest) return;
            if (!after) list.replaceChildren();
            list.append(...found.pairs.map(item));
            next = found.next;
            more.hidden = !next;
            if (!list.children.length) list.append(nothing(next));
        } catch (error) {
            if (mine === latest) list.replaceChildren(el("p", { class: "nothing" }, said(error.message)), el("button", { type: "button", onclick: () => load() }, t("try-again")));
        }
        list.removeAttribute("aria-busy");
        more.disabled = false;
    }

    function nothing(rest) {
        if (rest) return el("p", { class: "nothing" }, t("data.none-newest"));
        if (total) return el("p", { class: "nothing" }, t("data.none"));
        return el("div", { class: "blank" }, icon("check"), el("p", {}, t("data.blank")),
            el("button", { type: "button", class: "primary", onclick: () => app.tab("annotate", { push: true }) }, t("data.annotate")));
    }

    function choices(select, values, words = {}) {
        const before = select.value;
        select.replaceChildren(el("option", { value: "" }, select.dataset.any), ...values.map((value) => el("option", { value }, words[value] ?? value)));
        select.value = values.includes(before) ? before : "";
    }

    async function refresh() {
        try {
            const all = await net.ask("statistics");
            total = all.pairs;
            count.textContent = all.pairs ? t(all.capped ? "data.count-capped" : "data.count", { pairs: t("data.pairs", { n: all.pairs }), clips: t("data.clips", { n: all.clips }) }) : "";
            choices(cue, all.cues, Object.fromEntries(all.cues.map((name) => [name, named("cue", name)])));
            choices(status, all.statuses, Object.fromEntries(all.statuses.map((name) => [name, named("state", name)])));
            choices(annotator, all.people);
            choices(session, all.sessions.map(({ id }) => id), Object.fromEntries(all.sessions.map(({ id, annotator: who, started }) => [id, t("data.session.item", { person: who, time: new Date(started).toLocaleString(locale) })])));
            plots.replaceChildren(...(all.pairs ? all.plots.map(plot) : []));
        } catch (error) {
            plots.replaceChildren(el("p", { class: "nothing" }, said(error.message)));
        }
        await load();
    }

    let waiting = 0;
    for (const field of [text, category]) {
        field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(load, 300); });
    }
    for (const field of [cue, status, annotator, session, since]) field.addEventListener("change", () => load());

    return { panel, show: refresh };
}
