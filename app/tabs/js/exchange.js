// Export and import: begun here, done by the server, asked after until they are done.
import { el, icon } from "./dom.js";
import { said, t } from "./words.js";

const FORMATS = [["refavs", "Ref-AVS"], ["refavs-full", t("trade.every-frame")], ["coco", "COCO"], ["davis", "DAVIS"], ["mevis", "MeViS"], ["youtube-vos", "YouTube-VOS"], ["avss", "AVSBench-semantic"]];

export function exchange(app, { chosen, changed }) {
    const { net, attempt } = app;
    const format = el("select", { "aria-label": t("trade.format") }, ...FORMATS.map(([value, words]) => el("option", { value }, words)));
    const file = el("input", { type: "file", accept: ".zip,application/zip", hidden: true, "aria-label": t("trade.file") });
    const out = el("button", { type: "button", class: "primary", onclick: write }, icon("download"), t("export"));
    const into = el("button", { type: "button", onclick: () => file.click() }, icon("upload"), t("trade.import"));
    const state = el("div", { class: "job", role: "status" });
    file.addEventListener("change", () => {
        if (file.files.length) read(file.files[0]);
        file.value = "";
    });

    async function write() {
        const answer = await attempt(() => net.ask("export dataset", { format: format.value, ...chosen() }));
        if (answer) follow(answer.job);
    }

    async function read(picked) {
        busy(true);
        const answer = await attempt(async () => {
            const path = await net.upload(picked, (share) => state.replaceChildren(t("upload.share", { name: picked.name, share: Math.round(share * 100) })));
            return net.ask("import dataset", { path, name: picked.name });
        });
        busy(false);
        state.replaceChildren();
        if (answer) follow(answer.job);
    }

    function busy(on) {
        out.disabled = into.disabled = on;
    }

    async function follow(job) {
        busy(true);
        let now = job;
        while (now && !now.done) {
            state.replaceChildren(el("div", { class: "progress endless" }, el("i")), el("span", {}, said(now.words)));
            await new Promise((resolve) => setTimeout(resolve, 600));
            now = (await net.ask("exchange").catch(() => ({ job: now }))).job;
        }
        busy(false);
        if (!now) state.replaceChildren();
        else show(now);
        if (now?.kind === "import") changed();
    }

    function show({ error, words, details = [], link, name, size }) {
        const megabytes = size > 2e6 ? Math.round(size / 1e6) + " MB" : Math.ceil((size ?? 0) / 1e3) + " kB";
        state.replaceChildren(...[
            error && el("p", { class: "hint bad" }, said(error)),
            link && el("a", { href: new URL(link, document.baseURI), download: name, "data-part": "dataset-download" }, t("trade.download", { name, size: megabytes })),
            !error && el("p", {}, said(words)),
            !error && details.length ? el("details", {}, el("summary", {}, t("trade.remarks", { n: details.length })), el("ul", {}, ...details.map((line) => el("li", {}, said(line))))) : null,
        ].filter(Boolean));
    }

    net.ask("exchange").then(({ job }) => job && !job.done && follow(job)).catch(() => {});
    return el("div", { class: "card" }, el("h2", { class: "title" }, t("trade.title")),
        el("div", { class: "row" }, format, out, into, file),
        el("p", { class: "hint" }, t("trade.hint", { size: app.upload })), state);
}
