// Save, the state of saving, the list of saved pairs, and the export.
import { afterPaint, el, icon } from "./dom.js";

const STATES = { draft: "saved", submitted: "submitted", accepted: "accepted", returned: "returned", "cannot-describe": "saved" };

export function pairs(app) {
    const { part, button, model, net, attempt } = app;
    const box = part("expression");
    let saving = false;
    let failed = false;

    app.save = async ({ over = false } = {}) => {
        if (saving || (button("save").disabled && !over)) return;
        const fitting = model.objects.filter((object) => object.fits);
        if (!app.why.told(fitting)) return;
        saving = true;
        failed = false;
        state();
        try {
            await net.ask("save", { expression: box.value, over, null_kind: fitting.length ? null : app.why.kind });
        } catch (error) {
            failed = true;
            if (error.conflict) {
                app.notice(error.message, { error: true, actions: [
                    ["Load theirs", () => app.source.open(model.desk.source, { fresh: true })],
                    ["Save mine over it", () => app.save({ over: true })],
                ] });
            } else if (error.message !== "gone") {
                app.notice(error.message, { error: true });
            }
        }
        saving = false;
        state();
    };

    function clock(at) {
        return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    }

    function state() {
        if (!model.desk) return;
        const words = box.value.trim();
        const { saved } = model;
        const fitting = model.objects.filter((object) => object.fits);
        const clean = saved && saved.revision === model.revision && saved.expression === words && (fitting.length || saved.null_kind === app.why.kind);
        const any = words || model.objects.length;
        const text = saving ? "saving …" : clean ? STATES[saved.status] + " " + clock(saved.at) : failed ? "not saved" : any ? "draft" : "";
        const label = part("saved-state");
        label.textContent = text;
        label.title = text === "draft" ? "Kept on the server as it is; Save makes it a pair of the benchmark" : "";
        label.classList.toggle("ok", Boolean(clean && !saving && saved.status !== "returned"));
        const save = button("save");
        save.textContent = fitting.length || !words ? "Save" : "Save: nothing fits";
        save.disabled = saving || !words || Boolean(clean) || model.job?.name === "referral";
        hint(words, fitting, clean);
        app.standing({ words, fitting, clean: Boolean(clean) });
        const { effort } = model;
        part("effort").textContent = !clean && effort.seconds + effort.clicks + effort.strokes ? "So far: " + spent(effort) : "";
    }

    function hint(words, fitting, clean) {
        const { first, last } = model.desk;
        const total = last - first + 1;
        const short = fitting.map((object) => [object, model.cells.get(object.id)?.size ?? 0]).filter(([, n]) => n < total);
        let text = "";
        if (!words && model.objects.length) text = "Write the sentence that the ticked objects fit.";
        else if (words && !clean && short.length && !model.job) {
            text = (short[0][0].category || "Object " + short[0][0].id) + " has " + short[0][1] + " of " + total
                + " frames; propagate it before you export.";
        } else if (words && !clean && fitting.length > 1) {
            text = "One sentence for " + fitting.length + " objects; the Ref-AVS layout has no place for that.";
        }
        part("save-hint").textContent = text;
    }

    // What was spent, calmly: "2 min 10 s, 6 clicks".
    function spent({ seconds, clicks, strokes }) {
        const some = (n, word) => n ? n + " " + word + (n === 1 ? "" : "s") : null;
        const time = seconds < 60 ? seconds + " s" : Math.floor(seconds / 60) + " min " + seconds % 60 + " s";
        return [time, some(clicks, "click"), some(strokes, "stroke")].filter(Boolean).join(", ");
    }

    function list() {
        part("pair-count").textContent = model.pairs.length ? String(model.pairs.length) : "";
        part("pairs").replaceChildren(...(model.pairs.length ? model.pairs.map(row) : [
            el("p", { class: "nothing" }, "Nothing is saved for this clip yet."),
        ]));
    }

    function row(pair) {
        const fits = pair.objects.length ? pair.objects.map((name) => name || "object").join(", ") : "nothing fits";
        const current = pair.id === model.saved?.pair;
        return el("div", { class: current ? "pair-row current" : "pair-row" },
            el("button", {
                type: "button", class: "pair", "data-pair": pair.id, "aria-current": current ? "true" : null,
                title: "Show this pair", onclick: () => attempt(() => net.ask("reopen", { pair: pair.id })),
            }, icon(pair.objects.length ? "check" : "none"), el("span", {},
                el("span", { class: "words" }, pair.expression), el("span", { class: "meta" }, [fits, pair.status === "draft" ? null : STATES[pair.status], clock(pair.at), model.efforts[pair.id] && spent(model.efforts[pair.id])].filter(Boolean).join(" · ")))),
            el("button", {
                type: "button", class: "ghost small", "aria-label": "Remove this pair", title: "Remove this pair (its objects stay)", disabled: pair.status === "submitted",
                onclick: () => attempt(() => net.ask("remove", { pair: pair.id })),
            }, icon("bin")));
    }

    function exported(message) {
        const host = part("export-row");
        host.hidden = false;
        button("export").disabled = !message.done;
        if (!message.done) {
            host.replaceChildren(message.words);
            return;
        }
        const link = new URL(message.link, document.baseURI);
        const size = message.size > 2e6 ? Math.round(message.size / 1e6) + " MB" : Math.ceil(message.size / 1e3) + " kB";
        const more = message.refused.length ? el("details", {},
            el("summary", {}, message.refused.length + " of " + message.pairs + " pairs could not be written"),
            el("ul", {}, ...message.refused.map((r) => el("li", {}, "“" + r.expression + "”: " + r.reason)))) : null;
        host.replaceChildren(el("a", { href: link, download: message.name, "data-part": "download" }, "Download " + message.name),
            " " + size + " · " + message.written + (message.written === 1 ? " pair" : " pairs"), ...(more ? [more] : []));
    }

    button("save").addEventListener("click", () => app.save());
    button("export").addEventListener("click", async () => {
        exported({ words: "Writing the dataset …" });
        const done = await attempt(() => net.send("work", { do: "export" }));
        if (!done) {
            button("export").disabled = false;
            part("export-row").hidden = true;
        }
    });
    model.on("export", exported);
    model.on("saved", (message) => {
        model.pairs = message.pairs;
        model.saved = message.saved;
        failed = false;
        if (message.expression !== undefined) box.value = message.expression;
        list();
        state();
    });
    model.on("effort", ({ pairs: efforts, now }) => {
        model.efforts = efforts;
        model.effort = now;
        list();
        state();
    });
    model.on("open", () => {
        failed = false;
        part("export-row").hidden = true;
        list();
        state();
    });
    model.on("objects masks expression job complete", afterPaint(state));
}
