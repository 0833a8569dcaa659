// Keys work on the widget alone, and never while somebody is typing.
import { el, typing } from "./dom.js";

export const HELP = [
    ["Left click", "add to the object"],
    ["Right click, Shift + click", "take away from it"],
    ["Drag", "draw a box around the object"],
    ["Space", "play or pause"],
    ["← →", "one frame back, forward"],
    ["Shift + ← →", "ten frames back, forward"],
    ["Home, End", "first, last frame"],
    ["Ctrl + Z, Ctrl + Shift + Z", "undo, redo"],
    ["N", "the next click starts a new object"],
    ["P", "propagate over the whole clip"],
    ["[  ]", "propagate backward, forward from here"],
    ["Esc", "cancel what is running"],
    ["Ctrl + S", "save"],
    ["M", "sound on or off"],
    ["Enter (in the sentence)", "refer"],
    ["?", "this list"],
];

export function keys(app) {
    const { root, clock, acts, part } = app;
    const sheet = part("help-sheet");
    const close = el("button", { type: "button", class: "primary", onclick: () => sheet.close() }, "Close");
    sheet.append(el("h2", { class: "title" }, "Keys and mouse"),
        el("table", {}, el("tbody", {}, ...HELP.map(([key, words]) => el("tr", {}, el("td", {}, key), el("td", {}, words))))), close);
    part("help").addEventListener("click", () => sheet.showModal());

    const plain = {
        " ": () => clock.toggle(), ArrowLeft: () => clock.step(-1), ArrowRight: () => clock.step(1),
        Home: () => clock.seek(clock.first), End: () => clock.seek(clock.last),
        n: acts.newObject, p: () => acts.propagate("both"), "[": () => acts.propagate("backward"),
        "]": () => acts.propagate("forward"), m: acts.mute, Escape: acts.cancel, "?": () => sheet.showModal(),
    };
    const shifted = { ArrowLeft: () => clock.step(-10), ArrowRight: () => clock.step(10), "?": plain["?"] };
    const controlled = { z: acts.undo, y: acts.redo, s: acts.save, "shift+z": acts.redo };

    root.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.altKey || sheet.open || typing(event.target)) return;
        const onButton = event.target.closest("button, a, [type=range], [type=checkbox]");
        if (onButton && (event.key === " " || (onButton.type === "range" && event.key.startsWith("Arrow")))) return;
        const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
        const table = event.ctrlKey || event.metaKey ? controlled : event.shiftKey ? shifted : plain;
        const act = table === controlled && event.shiftKey ? controlled["shift+" + key] : table[key];
        if (!act || !app.model.desk) return;
        event.preventDefault();
        act();
    });
    // A press anywhere that is not a control gives the widget the keys.
    root.addEventListener("pointerdown", (event) => {
        if (!event.target.closest("button, input, select, textarea, a, label, [tabindex='0'], dialog")) root.focus({ preventScroll: true });
    });
    root.focus({ preventScroll: true });
}
