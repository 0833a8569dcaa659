// Links to a clip, a frame and a pair: read when the page is loaded, written as clips and tabs are opened, copied on request.
import { el, icon } from "./dom.js";
import { t } from "./words.js";

const REMEMBERED = "refavs.page";

export function links(app) {
    const { root, model, net, clock, notice } = app;
    const wanted = read();

    function read() {
        const query = new URLSearchParams(location.search);
        const frame = query.get("frame");
        return {
            tab: query.get("tab") ?? "refer", clip: query.get("clip"), pair: query.get("pair"),
            frame: /^\d{1,9}$/.test(frame ?? "") ? Number(frame) : null,
        };
    }

    // The clip is what the page says hello with; its own desk on that clip, if there is one, comes back.
    if (wanted.clip) {
        let remembered = {};
        try {
            remembered = JSON.parse(sessionStorage.getItem(REMEMBERED)) ?? {};
        } catch {
            // what cannot be read is written anew
        }
        if (remembered.source !== wanted.clip) {
            sessionStorage.setItem(REMEMBERED, JSON.stringify({ source: wanted.clip, desks: remembered.desks ?? [] }));
        }
    }

    function address(more = {}) {
        const url = new URL(location.href);
        url.search = "";
        const values = { tab: root.dataset.tab, clip: model.desk?.finding ? null : model.desk?.source, ...more };
        for (const [name, value] of Object.entries(values)) if (value != null) url.searchParams.set(name, value);
        return url;
    }

    function write({ push = false } = {}) {
        if (push) history.pushState(null, "", address());
        else history.replaceState(null, "", address());
    }

    let first = true;
    model.on("open", async () => {
        const { clip, pair, frame } = wanted;
        const linked = first && clip;
        first = false;
        if (!linked) {
            write();
            return;
        }
        if (model.desk.source !== clip) {  // the page has said why
            write();
            return;
        }
        if (pair) await app.attempt(() => net.ask("reopen", { pair }));
        if (frame !== null) clock.seek(Math.min(Math.max(frame, clock.first), clock.last));
    });

    window.addEventListener("popstate", () => {
        const { tab, clip } = read();
        const looking = Boolean(model.desk?.finding) && tab !== "review";  // then the tab opens the clip before
        app.tab(tab);
        if (clip && model.desk && !looking && clip !== model.desk.source) app.source.open(clip);
    });

    // Open a clip, and a pair and a frame of it, in the player.
    async function go({ tab = "annotate", clip, pair = null, frame = null }) {
        app.tab(tab, { push: true });
        if (model.desk?.source !== clip) await app.source.open(clip);
        if (model.desk?.source !== clip) return;
        if (pair) await app.attempt(() => net.ask("reopen", { pair }));
        if (frame !== null) clock.seek(frame);
    }

    async function copy() {
        const url = String(address({ frame: clock.index, pair: model.saved?.pair }));
        try {
            await navigator.clipboard.writeText(url);
            notice(t("link.copied"));
        } catch {
            notice(t("link.this", { url }), { seconds: 20 });
        }
    }

    const button = el("button", {
        type: "button", class: "ghost link", "aria-label": t("link.copy"), title: t("link.copy"), onclick: copy,
    }, icon("match"));
    root.querySelector("[data-part=theme]").before(button);
    return { wanted, write, go };
}
