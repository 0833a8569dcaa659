// Systems: what answers here, and how well it was measured.
import { el } from "./dom.js";
import { language, named, said, t } from "./words.js";

export function systems(app) {
    const body = el("div", { class: "panel-body" });
    const panel = el("section", { "aria-label": t("tab.systems") }, body);
    let shown = false;

    function rows(list) {
        return el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...["name", "state", "size", "about"].map((h) => el("th", { scope: "col" }, t("systems." + h))))),
            el("tbody", {}, ...list.map(({ name, state, megabytes, about, card }) => el("tr", {},
                el("th", { scope: "row" }, name), el("td", {}, el("span", { class: "badge " + state.replace(" ", "-") }, named("systems.state", state))),
                el("td", { class: "number" }, megabytes == null ? "–" : megabytes + " MB"), told(about, card)))));
    }

    // A card is in English, and says more: elsewhere a sentence stands before it.
    function told(about, card) {
        const words = said(about);
        if (language === "en") return el("td", { class: "about" }, card || words);
        return el("td", { class: "about" }, el("span", { lang: words === about ? "en" : null }, words), " ", card ? el("span", { class: "hint", lang: "en" }, card) : "");
    }

    function scores({ title, words, head, rows: lines }) {
        return el("article", { class: "card", lang: "en" }, el("h3", { class: "title" }, title), words && el("p", { class: "hint" }, words),
            el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, el("table", { class: "list" },
                el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h || "\u00a0")))),
                el("tbody", {}, ...lines.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((cell) => el("td", {}, cell))))))));
    }

    async function show() {
        if (shown) return;
        shown = true;
        body.replaceChildren(el("p", { class: "nothing", role: "status" }, t("systems.loading")));
        try {
            const { systems: known, segmenters, device, tables } = await app.net.ask("systems");
            body.replaceChildren(
                el("article", { class: "card" }, el("div", { class: "title-row" }, el("h2", { class: "title" }, t("systems.answer")), el("span", { class: "hint" }, t("systems.runs-on", { device: said(device) }))), rows(known)),
                el("article", { class: "card" }, el("h2", { class: "title" }, t("systems.segmenters")), rows(segmenters)),
                ...(tables.length ? [el("h2", { class: "section" }, t("systems.measured")), el("div", { class: "columns" }, ...tables.map(scores))] : []));
        } catch (error) {
            shown = false;
            body.replaceChildren(el("p", { class: "nothing" }, said(error.message)), el("button", { type: "button", onclick: show }, t("try-again")));
        }
    }
    return { panel, show };
}
