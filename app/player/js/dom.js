// Small helpers. Text reaches the page as text nodes only.
import { t } from "./words.js";

export function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (value === true) node.setAttribute(name, "");
        else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
}

const SVG = "http://www.w3.org/2000/svg";

// An icon of the sheet in player.html.
export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", "#refavs-" + name);
    svg.append(use);
    return svg;
}

export function clockText(seconds, digits = 2) {
    const whole = Math.max(0, seconds);
    const minutes = Math.floor(whole / 60);
    return minutes + ":" + (whole - 60 * minutes).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
}

export function typing(target) {
    return target instanceof Element && target.closest("input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

// A way to call `act` once after the next picture is shown, however often it is asked for: panels wait for masks.
export function afterPaint(act) {
    let queued = false;
    return () => {
        if (queued) return;
        queued = true;
        requestAnimationFrame(() => setTimeout(() => {
            queued = false;
            act();
        }));
    };
}

// Short messages over the page; errors stay longer, those with actions ([words, act]) until they are answered.
export function notices(host) {
    const seen = new Map();
    return function notice(text, { error = false, actions = [], seconds = error ? 12 : 4 } = {}) {
        seen.get(text)?.remove();
        const close = el("button", { type: "button", class: "ghost", "aria-label": t("notice.close") }, icon("close"));
        const box = el("div", { class: error ? "notice error" : "notice", role: error ? "alert" : "status" },
            icon(error ? "warning" : "info"), el("div", {}, el("p", {}, text), actions.length ? el("div", { class: "row" }, ...actions.map(([words, act]) =>
                el("button", { type: "button", onclick: () => { remove(); act(); } }, words))) : null), close);
        const remove = () => { box.remove(); seen.delete(text); };
        close.addEventListener("click", remove);
        seen.set(text, box);
        host.append(box);
        while (host.children.length > 3) host.firstChild.remove();
        if (!actions.length) setTimeout(remove, seconds * 1000);
        return remove;
    };
}
