// Systems: what answers here, and how well it was measured.
import { el } from "./dom.js";

export function systems(app) {
    const body = el("div", { class: "panel-body" });
    const panel = el("section", { "aria-label": "Systems" }, body);
    let shown = false;

    function rows(list) {
        return el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...["Name", "State", "Size", "About"].map((h) => el("th", { scope: "col" }, h)))),
            el("tbody", {}, ...list.map(({ name, state, megabytes, about }) => el("tr", {},
                el("th", { scope: "row" }, name), el("td", {}, el("span", { class: "badge " + state.replace(" ", "-") }, state)),
                el("td", { class: "number" }, megabytes == null ? "–" : megabytes + " MB"), el("td", { class: "about" }, about)))));
    }

    function scores({ title, words, head, rows: lines }) {
        return el("article", { class: "card" }, el("h3", { class: "title" }, title), words && el("p", { class: "hint" }, words),
            el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, el("table", { class: "list" },
                el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h || "\u00a0")))),
                el("tbody", {}, ...lines.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((cell) => el("td", {}, cell))))))));
    }

    async function show() {
        if (shown) return;
        shown = true;
        body.replaceChildren(el("p", { class: "nothing", role: "status" }, "Looking at what is installed …"));
        try {
            const { systems: known, segmenters, device, tables } = await app.net.ask("systems");
            body.replaceChildren(
                el("article", { class: "card" }, el("div", { class: "title-row" }, el("h2", { class: "title" }, "Systems answer sentences"), el("span", { class: "hint" }, "Runs on: " + device)), rows(known)),
                el("article", { class: "card" }, el("h2", { class: "title" }, "Segmenters answer clicks and carry masks on"), rows(segmenters)),
                ...(tables.length ? [el("h2", { class: "section" }, "Measured"), el("div", { class: "columns" }, ...tables.map(scores))] : []));
        } catch (error) {
            shown = false;
            body.replaceChildren(el("p", { class: "nothing" }, error.message), el("button", { type: "button", onclick: show }, "Try again"));
        }
    }
    return { panel, show };
}
