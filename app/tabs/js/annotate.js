// Annotate: what the sentence leans on, and what it must still pass, while it is written.
import { el, icon } from "./dom.js";
import { named, said, t } from "./words.js";

const REST = 350;  // ms after the last key
const ICONS = { refuse: "none", warn: "warning", note: "info" };

export function annotate(app) {
    const { root, model, net, part } = app;
    const box = part("expression");
    const host = el("div", { class: "remarks annotate-only", "aria-live": "polite", "data-part": "remarks" });
    box.after(host);
    let waiting = 0;
    let last = null;

    async function look() {
        if (!model.desk || root.dataset.tab !== "annotate") return;
        const token = net.token;
        const state = [token, box.value, model.revision, model.saved?.pair].join("\n");
        if (state === last) return;
        last = state;
        const answer = await net.ask("remarks", { expression: box.value }).catch(() => null);
        if (!answer || token !== net.token || last !== state) return;
        host.replaceChildren(
            ...(answer.cues.length ? [el("div", { class: "cues" }, el("span", { class: "hint" }, t("remarks.leans")), ...answer.cues.map((cue) => el("span", { class: "cue " + cue }, named("cue", cue))))] : []),
            ...answer.remarks.map(({ level, words }) => el("p", { class: "remark " + level }, icon(ICONS[level]), el("span", {}, said(words)))));
    }

    function soon() {
        clearTimeout(waiting);
        waiting = setTimeout(look, REST);
    }

    box.addEventListener("focus", soon);
    model.on("expression open objects saved", soon);
}
