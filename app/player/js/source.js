// Which clip is open: the menu, uploads, links, and coming back after a reload or a restart of the server.
import { clockText, el, icon } from "./dom.js";
import { said, t } from "./words.js";

const REMEMBERED = "refavs.page";
const LOOK = 400;  // ms between two looks at a link that is being fetched

export function source(app) {
    const { part, model, net, clock, overlay, notice } = app;
    const menu = part("menu");
    const picker = part("picker");
    const file = part("file");
    let samples = [];
    let polling = 0;
    let coming = null;  // what is on its way here: aborting it stops that
    let checking = 0;

    // The tokens of this tab's desks, last one last: going back to a clip finds what was not saved yet.
    function remembered() {
        try {
            return JSON.parse(sessionStorage.getItem(REMEMBERED)) ?? { desks: [] };
        } catch {
            return { desks: [] };
        }
    }

    // Desks of this browser's tabs, also of closed ones.
    function closed() {
        try {
            return JSON.parse(localStorage.getItem(REMEMBERED)) ?? [];
        } catch {
            return [];
        }
    }

    const desks = () => [...closed(), ...remembered().desks];

    function remember() {
        const others = remembered().desks.filter((token) => token !== net.token);
        const kept = { token: net.token, source: model.desk.source, desks: [...others, net.token].slice(-20) };
        sessionStorage.setItem(REMEMBERED, JSON.stringify(kept));
        const all = (closed().filter((token) => token !== net.token)).concat(net.token);
        localStorage.setItem(REMEMBERED, JSON.stringify(all.slice(-30)));
    }

    async function hello() {
        const answer = await app.attempt(() => net.ask("hello", { ...remembered(), desks: desks() }));
        if (!answer) {
            if (!model.desk) empty(t("open.failed"));
            return;
        }
        samples = answer.samples;
        show(answer);
        if (answer.desk && answer.problem) notice(said(answer.problem) + " " + t("open.elsewhere"), { error: true });
    }

    function show(answer) {
        net.token = answer.token;
        const desk = answer.desk;
        part("screen").hidden = !desk;
        if (!desk) {
            empty(said(answer.problem) ?? t("open.begin"));
            return;
        }
        part("empty").hidden = true;
        for (const name of ["back", "forward", "export", "new-object"]) app.button(name).disabled = false;
        part("screen").style.setProperty("--aspect", desk.aspect);
        overlay.open(desk.size);
        model.open(desk);
        clock.load(desk, desk.media);
        part("name").textContent = said(desk.name);
        picker.title = desk.name;
        part("facts").textContent = part("facts").title = facts(desk);
        document.title = desk.name + " · RefAVS Studio";
        remember();
        if (desk.damaged) notice(t("open.damaged"));
        if (desk.apart) notice(t("open.apart", desk.apart), { error: true });
        media(desk.media);
        fetchMasks();
        fetchSound();
    }

    function facts({ size, pts, first, last, sound }) {
        const seconds = clock.duration;
        const rate = (last - first + 1) / seconds;
        return [
            size[1] + " × " + size[0], t("facts.frames", { n: last - first + 1 }), rate.toFixed(2).replace(/\.?0+$/, "") + " fps",
            clockText(seconds, 1), sound ? null : t("facts.silent"),
        ].filter(Boolean).join(" · ");
    }

    // Until a playable copy is made, frames come as pictures; say how far it is.
    function media(state) {
        const banner = part("banner");
        clearTimeout(polling);
        if (coming) return;
        banner.hidden = true;
        checked(state.checked);
        if (state.error) {
            banner.replaceChildren(said(state.error));
            banner.hidden = false;
        } else if (!state.video) {
            const bar = el("div", { class: "progress" }, el("i", { style: "width:" + Math.round(state.progress * 100) + "%" }));
            banner.replaceChildren(said(state.words), bar, Math.round(state.progress * 100) + " %");
            banner.hidden = false;
            const token = net.token;
            polling = setTimeout(async () => {
                const answer = await net.ask("media").catch(() => null);
                if (!answer || token !== net.token) return;
                if (answer.media.video) clock.play_from(answer.media.video, clock.index);
                media(answer.media);
            }, 500);
        }
    }

    // How far the frames of a long video were decoded in the background.
    function checked(share) {
        clearTimeout(checking);
        part("checked").textContent = share < 1 ? t("facts.checked", { share: Math.floor(100 * share) }) : "";
        if (!(share < 1)) return;
        const token = net.token;
        checking = setTimeout(async () => {
            const answer = await net.ask("media").catch(() => null);
            if (answer && token === net.token) checked(answer.media.checked);
        }, 2000);
    }

    async function fetchMasks() {
        const token = net.token;
        for (const id of [...model.cells.keys()]) {
            for (let from = 0; from !== null;) {
                const answer = await net.ask("masks", { object: id, from }).catch(() => null);
                if (!answer || token !== net.token) return;
                model.fill(id, answer.masks);
                from = answer.next;
            }
        }
        model.say("complete");
    }

    async function fetchSound() {
        const token = net.token;
        const answer = await net.ask("sound").catch(() => null);
        if (answer && token === net.token) app.lanes.sound(answer);
    }

    async function open(key, { fresh = false } = {}) {
        closeMenu();
        const answer = await app.attempt(() => net.ask("open", { source: key, desks: fresh ? [] : desks(), fresh }));
        if (answer) show(answer);
    }

    // Something comes from afar while this page goes on: `work(signal, tell)` resolves to an answer with a desk, or to nothing.
    async function arrive(work) {
        closeMenu();
        coming?.abort();
        clearTimeout(polling);
        const mine = coming = new AbortController();
        const words = el("span");
        const bar = el("i");
        const tell = (text, share = null) => {
            words.textContent = text;
            bar.parentElement.hidden = share === null;
            bar.style.width = 100 * share + "%";
        };
        part("banner").replaceChildren(words, el("div", { class: "progress" }, bar),
            el("button", { type: "button", "data-do": "stop-coming", onclick: () => mine.abort() }, t("cancel")));
        part("banner").hidden = false;
        const answer = await app.attempt(() => work(mine.signal, tell));
        if (coming !== mine) return;
        coming = null;
        part("banner").hidden = true;
        if (answer) show(answer);
        else if (model.desk) media(model.desk.media);
    }

    function upload(chosen) {
        return arrive(async (signal, tell) => {
            if (!chosen.size) throw new Error(t("upload.empty", { name: chosen.name }));
            const going = t("upload.going", { name: chosen.name });
            tell(going, 0);
            const path = await net.upload(chosen, (share) => tell(going, share), signal);
            tell(t("upload.opening", { name: chosen.name }));
            const answer = await net.ask("take", { path, name: chosen.name });
            signal.throwIfAborted();
            return answer;
        });
    }

    // The server fetches it: here it is only asked how far that is. Rejects at once when it is no link.
    async function fetchLink(link) {
        const { fetch } = await net.ask("fetch", { link });
        const { token } = net, { revision } = model;
        arrive(async (signal, tell) => {
            signal.addEventListener("abort", () => net.ask("stop fetching", { fetch }).catch(() => {}));
            for (;;) {
                signal.throwIfAborted();
                const { name, done, total, source } = await net.ask("fetched", { fetch });
                signal.throwIfAborted();
                if (source && (token !== net.token || revision !== model.revision)) {  // not out of their hands
                    notice(t("link.ready", { name }), { actions: [[t("link.go"), () => open(source)]] });
                    return undefined;
                }
                if (source) {
                    tell(t("upload.opening", { name }));
                    return net.ask("open", { source, desks: desks() });
                }
                tell(t("link.going", { name, n: (done / 2 ** 20).toFixed(1) }), total ? done / total : null);
                await new Promise((resolve) => setTimeout(resolve, LOOK));
            }
        });
    }

    function empty(words) {
        for (const name of ["play", "back", "forward", "refer", "save", "export", "new-object"]) app.button(name).disabled = true;
        const choose = el("button", { type: "button", class: "primary", onclick: () => file.click() }, icon("upload"), t("upload.video"));
        const byLink = el("button", { type: "button", onclick: () => app.askLink() }, icon("match"), t("link.open"));
        part("empty").replaceChildren(el("p", {}, words), el("div", { class: "row" }, choose, byLink));
        part("empty").hidden = false;
    }

    async function openMenu() {
        const item = (words, act, name, extra = "", count = null) =>
            el("button", { type: "button", role: "menuitem", class: extra, onclick: act }, icon(name),
                el("span", { class: "name" }, words), count && el("span", { class: "count" }, String(count)));
        menu.replaceChildren(
            item(t("upload.video.menu"), () => file.click(), "upload"),
            item(t("link.open"), () => app.askLink(), "match"),
            el("div", { class: "note" }, t("upload.limit", { size: app.upload })),
            el("div", { class: "heading" }, t("menu.samples")),
            ...samples.map((s) => item(said(s.name), () => open(s.key), "play", s.key === model.desk?.source ? "current" : "")),
        );
        menu.hidden = false;
        picker.setAttribute("aria-expanded", "true");
        menu.querySelector("button").focus();
        const { recent } = await net.ask("recent").catch(() => ({ recent: [] }));
        if (recent.length) {
            menu.append(el("div", { class: "heading" }, t("menu.saved")), ...recent.map((clip) =>
                item(clip.name, () => open(clip.key), "check", clip.key === model.desk?.source ? "current" : "", clip.pairs)));
        }
    }

    function closeMenu() {
        if (menu.hidden) return;
        menu.hidden = true;
        picker.setAttribute("aria-expanded", "false");
    }

    picker.addEventListener("click", () => (menu.hidden ? openMenu() : closeMenu()));
    app.root.addEventListener("pointerdown", (event) => {
        if (!event.target.closest("[data-part=menu], [data-part=picker]")) closeMenu();
    });
    menu.addEventListener("keydown", (event) => {
        const items = [...menu.querySelectorAll("button")];
        const at = items.indexOf(document.activeElement);
        const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
        if (event.key === "Escape") {
            closeMenu();
            picker.focus();
        } else if (next !== undefined) {
            items.at(next % items.length).focus();
        } else {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
    });
    file.addEventListener("change", () => {
        if (file.files.length) upload(file.files[0]);
        file.value = "";
    });
    const stage = part("stage");
    stage.addEventListener("dragover", (event) => {
        event.preventDefault();
        stage.classList.add("over");
    });
    stage.addEventListener("dragleave", () => stage.classList.remove("over"));
    stage.addEventListener("drop", (event) => {
        event.preventDefault();
        stage.classList.remove("over");
        if (event.dataTransfer.files.length) upload(event.dataTransfer.files[0]);
    });

    // The link may have expired, or this browser cannot play what the server thought it can.
    let failures = 0;
    clock.addEventListener("unplayable", async () => {
        if (!model.desk) return;
        if (++failures > 3) {
            part("banner").replaceChildren(t("open.unplayable"));
            part("banner").hidden = false;
            return;
        }
        const index = clock.index;
        clock.ready = false;
        const answer = await net.ask("media", { failures }).catch(() => null);
        if (!answer) return;
        if (answer.media.video) clock.play_from(answer.media.video, index);
        else clock.show(index);
        media(answer.media);
    });
    clock.addEventListener("frame", () => { failures = clock.ready ? 0 : failures; });
    model.on("open", () => { failures = 0; });

    net.onstale = hello;

    // The server was started anew; it has what was saved, and what was drawn on this page.
    let returning = false;
    net.ongone = () => {
        if (returning) return;
        returning = true;
        const token = net.token;
        hello().then(() => notice(token === net.token ? t("server.again") : t("server.saved"))).finally(() => { returning = false; });
    };

    const expressions = () => samples.find((s) => s.key === model.desk?.source)?.expressions ?? [];
    return { hello, open, upload, fetchLink, closeMenu, show, expressions };
}
