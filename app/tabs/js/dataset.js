// Dataset: the saved pairs with pictures, what there is in all, export and import.
import { el, icon } from "./dom.js";
import { exchange } from "./exchange.js";
import { plot } from "./plots.js";

const STATUS = { draft: "draft", submitted: "submitted", accepted: "accepted", returned: "returned", "cannot-describe": "cannot describe" };

export function dataset(app) {
    const { net } = app;
    const text = el("input", { type: "search", placeholder: "Words of the sentence", "aria-label": "Words of the sentence" });
    const category = el("input", { type: "search", placeholder: "Category", "aria-label": "Category" });
    const [cue, status, annotator, session] = [["Any cue", "Cue"], ["Any status", "Status"], ["Anybody", "Annotator"], ["Any session", "Session"]].map(([any, label]) =>
        el("select", { "aria-label": label, "data-any": any }, el("option", { value: "" }, any)));
    const since = el("input", { type: "date", "aria-label": "Saved on this day or later", title: "Saved on this day or later" });
    const count = el("span", { class: "hint", role: "status" });
    const list = el("div", { class: "cards" });
    const more = el("button", { type: "button", hidden: true, onclick: () => load(next) }, "Show more");
    const plots = el("div", { class: "plots" });
    const chosen = () => ({
        status: status.value, annotator: annotator.value, session: session.value,
        since: since.value && new Date(since.value + "T00:00").toISOString(),
    });
    const trade = exchange(app, { chosen, changed: refresh });
    const panel = el("section", { "aria-label": "Dataset" }, el("div", { class: "panel-body" },
        el("div", { class: "dataset" },
            el("div", { class: "found" },
                el("div", { class: "filters", role: "search" }, text, category, cue, status, annotator, session, since, count), list, more),
            el("div", { class: "aside" }, trade, plots))));
    let next = null;
    let latest = 0;
    let total = null;

    function item(pair) {
        const about = pair.null ? "nothing fits" : pair.categories.map((name) => name || "object").join(", ");
        const picture = pair.picture && el("img", { src: new URL(pair.picture, document.baseURI), alt: "Frame " + pair.frame + " of " + pair.name, loading: "lazy" });
        if (picture) picture.addEventListener("error", () => picture.replaceWith(missing("The picture cannot be read.")));
        return el("button", {
            type: "button", class: "pair-card", "data-pair": pair.id, disabled: !pair.clip, title: pair.clip ? "Open in Annotate" : "The video is not here any more",
            onclick: () => app.links.go({ clip: pair.clip, pair: pair.id, frame: pair.frame }),
        }, picture ?? missing("The video is not here any more."),
        el("span", { class: "words" }, pair.expression || "(no sentence)"),
        el("span", { class: "cues" }, ...pair.cues.map((name) => el("span", { class: "cue " + name }, name))),
        el("span", { class: "meta" }, [about, STATUS[pair.status], pair.annotator, new Date(pair.at).toLocaleDateString()].join(" · ")));
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
            if (mine === latest) list.replaceChildren(el("p", { class: "nothing" }, error.message), el("button", { type: "button", onclick: () => load() }, "Try again"));
        }
        list.removeAttribute("aria-busy");
        more.disabled = false;
    }

    function nothing(rest) {
        if (rest) return el("p", { class: "nothing" }, "None of the newest pairs is like that; Show more looks further.");
        if (total) return el("p", { class: "nothing" }, "No saved pair is like that.");
        return el("div", { class: "blank" }, icon("check"), el("p", {}, "Nothing is saved yet. A pair is a sentence with the object that it means, on every frame."),
            el("button", { type: "button", class: "primary", onclick: () => app.tab("annotate", { push: true }) }, "Annotate a clip"));
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
            count.textContent = all.pairs ? (all.capped ? "The newest " : "") + all.pairs + (all.pairs === 1 ? " pair in " : " pairs in ") + all.clips + (all.clips === 1 ? " clip" : " clips") : "";
            choices(cue, all.cues);
            choices(status, all.statuses, STATUS);
            choices(annotator, all.people);
            choices(session, all.sessions.map(({ id }) => id), Object.fromEntries(all.sessions.map(({ id, annotator: who, started }) => [id, who + ", " + new Date(started).toLocaleString()])));
            plots.replaceChildren(...(all.pairs ? all.plots.map(plot) : []));
        } catch (error) {
            plots.replaceChildren(el("p", { class: "nothing" }, error.message));
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
