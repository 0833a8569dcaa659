// Save, the state of saving, the list of saved pairs, and the export.
import { afterPaint, el, icon } from "./dom.js";
import { locale, named, said, t } from "./words.js";

const LOOK = 1000;  // ms between two looks for what others saved on this clip
// A draft of the store is saved work for its author.
const state_of = (status) => named("state", ["draft", "cannot-describe"].includes(status) ? "saved" : status);

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
                app.notice(said(error.message), { error: true, actions: [
                    [t("save.load-theirs"), () => app.source.open(model.desk.source, { fresh: true })],
                    [t("save.over"), () => app.save({ over: true })],
                ] });
            } else if (error.message !== "gone") {
                app.notice(said(error.message), { error: true });
            }
        }
        saving = false;
        state();
    };

    function clock(at) {
        return new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
    }

    function state() {
        if (!model.desk) return;
        const words = box.value.trim();
        const { saved } = model;
        const fitting = model.objects.filter((object) => object.fits);
        const clean = saved && saved.revision === model.revision && saved.expression === words && (fitting.length || saved.null_kind === app.why.kind);
        const any = words || model.objects.length;
        const text = net.kept ? t("server.kept", { n: net.kept }) : saving ? t("save.saving") : clean ? t("save.at", { state: state_of(saved.status), time: clock(saved.at) }) : failed ? t("save.not") : any ? t("save.draft") : "";
        const label = part("saved-state");
        label.textContent = text;
        label.title = text === t("save.draft") ? t("save.draft.title") : "";
        label.classList.toggle("ok", Boolean(clean && !saving && saved.status !== "returned"));
        const save = button("save");
        save.textContent = t(fitting.length || !words ? "save" : "save.null");
        save.disabled = saving || !words || Boolean(clean) || model.job?.name === "referral";
        hint(words, fitting, clean);
        app.standing({ words, fitting, clean: Boolean(clean) });
        const { effort } = model;
        part("effort").textContent = !clean && effort.seconds + effort.clicks + effort.strokes ? t("effort.so-far", { spent: spent(effort) }) : "";
    }

    function hint(words, fitting, clean) {
        const { first, last } = model.desk;
        const total = last - first + 1;
        const short = fitting.map((object) => [object, model.cells.get(object.id)?.size ?? 0]).filter(([, n]) => n < total);
        let text = "";
        if (!words && model.objects.length) text = t("save.write");
        else if (words && !clean && short.length && !model.job) {
            text = t("save.short", { name: short[0][0].category || t("objects.name", { id: short[0][0].id }), n: short[0][1], total });
        } else if (words && !clean && fitting.length > 1) {
            text = t("save.several", { n: fitting.length });
        }
        part("save-hint").textContent = text;
    }

    // What was spent, calmly: "2 min 10 s, 6 clicks".
    function spent({ seconds, clicks, strokes }) {
        const time = seconds < 60 ? t("effort.seconds", { n: seconds }) : t("effort.minutes", { m: Math.floor(seconds / 60), n: seconds % 60 });
        return [time, clicks && t("effort.clicks", { n: clicks }), strokes && t("effort.strokes", { n: strokes })].filter(Boolean).join(t("effort.comma"));
    }

    function list() {
        part("pair-count").textContent = model.pairs.length ? String(model.pairs.length) : "";
        part("pairs").replaceChildren(...(model.pairs.length ? model.pairs.map(row) : [
            el("p", { class: "nothing" }, t("pairs.none")),
        ]));
    }

    function row(pair) {
        const fits = pair.objects.length ? pair.objects.map((name) => name || t("objects.plain")).join(", ") : t("nothing-fits");
        const current = pair.id === model.saved?.pair;
        return el("div", { class: current ? "pair-row current" : "pair-row" },
            el("button", {
                type: "button", class: "pair", "data-pair": pair.id, "aria-current": current ? "true" : null,
                title: t("pairs.show"), onclick: () => attempt(() => net.ask("reopen", { pair: pair.id })),
            }, icon(pair.objects.length ? "check" : "none"), el("span", {},
                el("span", { class: "words" }, pair.expression), el("span", { class: "meta" }, [fits, pair.status === "draft" ? null : state_of(pair.status), clock(pair.at), model.efforts[pair.id] && spent(model.efforts[pair.id])].filter(Boolean).join(" · ")))),
            el("button", {
                type: "button", class: "ghost small", "aria-label": t("pairs.remove"), title: t("pairs.remove.title"), disabled: pair.status === "submitted",
                onclick: () => attempt(() => net.ask("remove", { pair: pair.id })),
            }, icon("bin")));
    }

    function exported(message) {
        const host = part("export-row");
        host.hidden = false;
        button("export").disabled = !message.done;
        if (!message.done) {
            host.replaceChildren(said(message.words));
            return;
        }
        const link = new URL(message.link, document.baseURI);
        const size = message.size > 2e6 ? Math.round(message.size / 1e6) + " MB" : Math.ceil(message.size / 1e3) + " kB";
        const more = message.refused.length ? el("details", {},
            el("summary", {}, t("export.refused", { n: message.refused.length, total: message.pairs })),
            el("ul", {}, ...message.refused.map((r) => el("li", {}, "“" + r.expression + "”: " + said(r.reason))))) : null;
        host.replaceChildren(el("a", { href: link, download: message.name, "data-part": "download" }, t("export.download", { name: message.name })),
            " " + size + " · " + t("export.pairs", { n: message.written }), ...(more ? [more] : []));
    }

    button("save").addEventListener("click", () => app.save());
    button("export").addEventListener("click", async () => {
        exported({ words: t("export.writing") });
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
    model.on("pairs", (message) => {
        model.pairs = message.pairs;
        list();
        state();
    });
    setInterval(() => {
        if (app.root.dataset.tab === "annotate" && !document.hidden && model.desk && !model.desk.finding) net.look();
    }, LOOK);
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
