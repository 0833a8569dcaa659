// Keys work on the widget alone, and never while somebody is typing. Each act has one key that can be changed; the change
// is kept in the browser.
import { el, typing } from "./dom.js";
import { t } from "./words.js";

const KEPT = "refavs.keys";
const MOUSE = ["left", "right", "drag", "wheel", "pan", "range"];
const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Space: t("keys.space"), Escape: "Esc", Delete: "Del" };

// [name, key, act], by group.
function table({ clock, acts, stage, brush, polygon, view, jumps, lanes, model, part }, help) {
    const choose = (k) => () => model.objects[k] && model.choose(model.objects[k].id);
    return {
        "Play": [
            ["play", "Space", () => clock.toggle()],
            ["back", "ArrowLeft", () => clock.step(-1)],
            ["forward", "ArrowRight", () => clock.step(1)],
            ["back10", "Shift+ArrowLeft", () => clock.step(-10)],
            ["forward10", "Shift+ArrowRight", () => clock.step(10)],
            ["first", "Home", () => clock.seek(clock.first)],
            ["last", "End", () => clock.seek(clock.last)],
            ["slower", "<", () => acts.faster(-1)],
            ["faster", ">", () => acts.faster(1)],
            ["loop", "L", acts.loop],
            ["in", "I", () => acts.markEnd(false)],
            ["out", "O", () => acts.markEnd(true)],
            ["norange", "Shift+L", () => acts.mark(null)],
            ["mute", "M", acts.mute],
            ["louder", "ArrowUp", () => acts.louder(0.1)],
            ["softer", "ArrowDown", () => acts.louder(-0.1)],
        ],
        "Draw": [
            ["click", "V", () => stage.use("click")],
            ["brush", "B", () => stage.use("brush")],
            ["eraser", "E", () => stage.use("eraser")],
            ["polygon", "S", () => stage.use("polygon")],
            ["close", "Enter", () => polygon.close()],
            ["smaller", ",", () => brush.resize(brush.size * 0.85 - 0.5)],
            ["larger", ".", () => brush.resize(brush.size * 1.17 + 0.5)],
            ["undo", "Ctrl+Z", () => (polygon.open ? polygon.back() : acts.undo())],
            ["redo", "Ctrl+Shift+Z", acts.redo],
            ["new", "N", acts.newObject],
            ["absent", "A", () => acts.absent(false)],
            ["absenton", "Shift+A", () => acts.absent(true)],
            ["delete", "Delete", acts.remove],
        ],
        "Propagate": [
            ["propagate", "P", () => acts.propagate("both")],
            ["backward", "[", () => acts.propagate("backward")],
            ["onward", "]", () => acts.propagate("forward")],
            ["here", "Shift+P", () => acts.propagate("here")],
            ["cancel", "Escape", () => (polygon.open ? polygon.drop() : acts.cancel())],
        ],
        "Look": [
            ["touched", "T", () => jumps.touched(true)],
            ["touchedback", "Shift+T", () => jumps.touched(false)],
            ["worst", "W", () => jumps.worst()],
            ["onset", "K", () => jumps.onset(true)],
            ["onsetback", "Shift+K", () => jumps.onset(false)],
            ["bands", "Shift+S", () => lanes.asBands()],
            ["zoomin", "+", () => view.zoom(1.4)],
            ["zoomout", "-", () => view.zoom(1 / 1.4)],
            ["fit", "0", () => view.fit()],
            ["outline", "X", () => acts.show("outline")],
            ["invert", "G", () => acts.show("invert")],
            ["hide", "H", () => acts.show("hide")],
            ...Array.from({ length: 9 }, (_, k) => ["object" + (k + 1), String(k + 1), choose(k)]),
        ],
        "Write": [
            ["write", "/", () => part("expression").focus()],
            ["save", "Ctrl+S", acts.save],
            ["help", "?", help],
        ],
    };
}

// "Ctrl+Shift+Z"; signs that need Shift to be typed are named by the sign alone.
export function named(event) {
    if (["Control", "Shift", "Alt", "Meta", "Dead", "Process"].includes(event.key)) return null;
    const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const shift = event.shiftKey && (key.length > 1 || key !== key.toLowerCase());
    return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (shift ? "Shift+" : "") + (key === "=" ? "+" : key);
}

function words(key) {
    return key.split(/(?<=.)\+(?=.)/).map((piece) => SHOWN[piece] ?? piece).join(" + ");
}

export function keys(app) {
    const { root, part, view, clock } = app;
    const sheet = part("help-sheet");
    const groups = table(app, () => open());
    const commands = Object.values(groups).flat();
    let changed = {};
    try {
        changed = JSON.parse(localStorage.getItem(KEPT)) ?? {};
    } catch { /* what cannot be read is not there */ }
    const keyOf = ([name, key]) => changed[name] ?? key;
    let waiting = null;

    // Keys of tools that another tab hides do nothing there.
    function here(command) {
        const tab = root.dataset.tab ?? "annotate";
        if (command[0] === "help" || tab === "annotate") return true;
        if (tab === "review") return Boolean(app.model.desk.finding) && !groups.Write.includes(command);
        return tab === "refer" && ["Play", "Look", "Write"].some((group) => groups[group].includes(command));
    }

    function change(command, key) {
        const other = commands.find((each) => each !== command && keyOf(each) === key);
        if (other) changed[other[0]] = keyOf(command);
        changed[command[0]] = key;
        localStorage.setItem(KEPT, JSON.stringify(changed));
        draw();
    }

    function said_of(name) {
        const number = /^object(\d)$/.exec(name);
        return number ? t("keys.object", { n: number[1] }) : t(name === "close" ? "keys.close-polygon" : "keys." + name);
    }

    function row(command) {
        const button = el("button", {
            type: "button", class: "key", title: t("keys.choose"), "data-key": command[0],
            onclick: () => {
                waiting = command;
                draw();
            },
        }, waiting === command ? t("keys.press") : words(keyOf(command)));
        button.classList.toggle("waiting", waiting === command);
        return [el("dt", {}, button), el("dd", {}, said_of(command[0]))];
    }

    function draw() {
        const focused = sheet.contains(document.activeElement) ? document.activeElement.dataset.key : null;
        const group = (name, rows) => el("section", {}, el("h3", {}, name), el("dl", {}, ...rows));
        sheet.replaceChildren(el("h2", { class: "title", tabindex: "-1", autofocus: true }, t("top.keys")), el("div", { class: "columns" },
            ...Object.entries(groups).map(([name, list]) => group(t("keys.group." + name), list.filter(([id]) => !/^object[2-9]/.test(id)).flatMap(row))),
            group(t("keys.group.Mouse"), MOUSE.flatMap((key) => [el("dt", {}, t("mouse." + key)), el("dd", {}, t("mouse." + key + ".does"))]))),
        el("div", { class: "row" },
            el("button", { type: "button", onclick: () => { changed = {}; localStorage.removeItem(KEPT); draw(); } }, t("keys.as-they-were")),
            el("button", { type: "button", class: "primary", onclick: () => sheet.close() }, t("keys.close"))));
        if (focused) sheet.querySelector("[data-key='" + focused + "']")?.focus();
    }

    function open() {
        waiting = null;
        draw();
        sheet.showModal();
    }

    part("help").addEventListener("click", open);
    sheet.addEventListener("keydown", (event) => {
        if (!waiting) return;
        event.preventDefault();
        event.stopPropagation();
        const key = named(event);
        if (!key) return;
        const command = waiting;
        waiting = null;
        if (key === "Escape") draw();
        else change(command, key);
    });

    root.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.altKey || sheet.open || typing(event.target)) return;
        const onButton = event.target.closest("button, a, [type=range], [type=checkbox]");
        if (onButton && (event.key === " " || event.key === "Enter" || (onButton.type === "range" && event.key.startsWith("Arrow")))) return;
        const key = named(event);
        const command = key && (commands.find((each) => keyOf(each) === key) ?? (key === "Ctrl+Y" ? commands.find(([name]) => name === "redo") : null));
        if (!command || !app.model.desk || !here(command)) return;
        event.preventDefault();
        if (command[0] === "play" && key === "Space" && view.scale > 1) {  // may be the beginning of a drag
            if (!event.repeat) view.dragged = false;
            view.hold(true);
        } else if (!(event.repeat && ["play", "delete", "absent"].includes(command[0]))) {
            command[2]();
        }
    });
    root.addEventListener("keyup", (event) => {
        if (event.key !== " " || !view.held) return;
        view.hold(false);
        if (!view.dragged) clock.toggle();
    });
    window.addEventListener("blur", () => view.hold(false));
    // A press anywhere that is not a control gives the widget the keys.
    root.addEventListener("pointerdown", (event) => {
        if (!event.target.closest("button, input, select, textarea, a, label, [tabindex='0'], dialog")) root.focus({ preventScroll: true });
    });
    // So does a button, slider or list that was used with the pointer: the keys go on with the clip.
    const back = (event) => {
        if (event.target.closest(".rail, .transport, .pill")) root.focus({ preventScroll: true });
    };
    root.addEventListener("click", (event) => event.detail && event.target.closest("button") && back(event));
    root.addEventListener("pointerup", (event) => event.target.closest("input[type=range]") && setTimeout(() => back(event)));
    part("speed").addEventListener("change", back);
    root.focus({ preventScroll: true });
}
