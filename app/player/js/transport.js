// Play, speed, sound, opacity; undo, propagate, cancel: the row under the picture. Returns the acts, for the keys.
import { afterPaint, clockText } from "./dom.js";
import { choose, language, named, said, t } from "./words.js";

export function transport(app) {
    const { part, button, model, net, clock, overlay, attempt } = app;
    const set = (name, id) => part(name).setAttribute("href", "#refavs-" + id);

    const acts = {
        undo: () => attempt(() => net.ask("undo")),
        redo: () => attempt(() => net.ask("redo")),
        newObject: () => {
            app.stage.newObject = true;
            model.say("objects");
        },
        absent: (onward) => model.active !== null && attempt(async () => {
            clock.pause();
            await net.ask("absent", { object: model.active, index: clock.index, onward });
        }),
        remove: () => model.active !== null && attempt(() => net.ask("delete", { object: model.active })),
        loop: () => {
            clock.loop = !clock.loop;
            state();
        },
        // What is looped; from null = the whole clip again.
        mark: (from, to) => {
            clock.range = from === null ? null : [from, to];
            if (from !== null) clock.loop = true;
            state();
            app.lanes.later();
        },
        markEnd: (last) => {
            const [a, b] = clock.range ?? [clock.first, clock.last];
            if (last) acts.mark(Math.min(a, clock.index), clock.index);
            else acts.mark(clock.index, Math.max(b, clock.index));
        },
        louder: (step) => {
            const volume = Math.min(Math.max(clock.video.volume + step, 0), 1);
            clock.video.volume = part("volume").value = volume;
            clock.video.muted = false;
            localStorage.setItem("refavs.volume", String(volume));
        },
        faster: (step) => {
            const speed = part("speed");
            speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + step, 0), speed.options.length - 1);
            clock.video.playbackRate = Number(speed.value);
        },
        show: (name, value) => {
            overlay[name] = part(name).checked = value ?? !overlay[name];
            overlay.draw(clock.index);
        },
        mute: () => { clock.video.muted = !clock.video.muted; },
        cancel: () => model.job && attempt(() => net.ask("cancel")),
        propagate: (direction) => {
            if (model.active === null) return undefined;
            clock.pause();
            return attempt(() => net.send("work", { do: "propagate", object: model.active, index: clock.index, direction }));
        },
        save: () => app.save(),
    };

    const click = (name, act) => button(name).addEventListener("click", act);
    click("play", () => clock.toggle());
    click("back", () => clock.step(-1));
    click("forward", () => clock.step(1));
    click("undo", acts.undo);
    click("redo", acts.redo);
    click("mute", acts.mute);
    click("loop", acts.loop);
    click("absent", () => acts.absent(false));
    click("absent-on", () => acts.absent(true));
    click("propagate-here", () => acts.propagate("here"));
    click("display", () => display(part("display").hidden));
    for (const name of ["outline", "invert", "hide"]) {
        part(name).addEventListener("change", (event) => acts.show(name, event.target.checked));
    }
    app.root.addEventListener("pointerdown", (event) => {
        if (!event.target.closest("[data-part=display], [data-do=display]")) display(false);
    });
    part("volume").addEventListener("input", (event) => acts.louder(Number(event.target.value) - clock.video.volume));
    acts.louder(Number(localStorage.getItem("refavs.volume") ?? 1) - clock.video.volume);

    function display(open) {
        part("display").hidden = !open;
        button("display").setAttribute("aria-expanded", String(open));
    }
    click("cancel-propagation", acts.cancel);
    click("cancel-referral", acts.cancel);
    click("new-object", acts.newObject);
    click("propagate", () => acts.propagate("both"));
    click("propagate-back", () => acts.propagate("backward"));
    click("propagate-forward", () => acts.propagate("forward"));

    part("speed").addEventListener("change", (event) => { clock.video.playbackRate = Number(event.target.value); });
    part("opacity").addEventListener("input", (event) => {
        overlay.opacity = Number(event.target.value);
        overlay.draw(clock.index);
    });
    part("theme").addEventListener("click", () => {
        const dark = document.body.classList.toggle("dark");
        localStorage.setItem("refavs.theme", dark ? "dark" : "light");
    });
    const theme = localStorage.getItem("refavs.theme");
    if (theme) document.body.classList.toggle("dark", theme === "dark");

    // In the other language from the next load on; what is on the desk comes back with it.
    const other = language === "en" ? "zh" : "en";
    part("language").lang = other;
    part("language").addEventListener("click", async () => {
        if (model.job) {
            app.notice(t("top.busy"));
            return;
        }
        choose(other);
        await app.flush();
        location.reload();
    });

    function readout() {
        if (!clock.pts.length) return;
        part("time").textContent = clockText(clock.time());
        part("duration").textContent = "/ " + clockText(clock.duration);
        part("frame").textContent = t("play.frame", { index: clock.index });
    }

    function state() {
        set("play-icon", clock.playing ? "pause" : "play");
        button("play").setAttribute("aria-label", t(clock.playing ? "play.pause" : "play.play"));
        const muted = clock.video.muted || !model.desk?.sound;
        set("mute-icon", muted ? "muted" : "volume");
        button("mute").setAttribute("aria-pressed", String(clock.video.muted));
        button("mute").disabled = part("volume").disabled = !model.desk?.sound;
        button("loop").setAttribute("aria-pressed", String(clock.loop));
        button("play").disabled = !clock.ready;
    }

    function tools() {
        button("undo").disabled = !model.undo;
        button("redo").disabled = !model.redo;
        button("undo").title = model.undo ? t("undo.title", { act: named("act", model.undo) }) : t("undo.nothing");
        button("redo").title = model.redo ? t("redo.title", { act: named("act", model.redo) }) : t("redo.nothing");
        const own = model.cells.get(model.active);
        const idle = !model.job && own !== undefined && own.size > 0;
        for (const name of ["propagate", "propagate-back", "propagate-forward", "propagate-here"]) button(name).disabled = !idle;
        for (const name of ["absent", "absent-on"]) button(name).disabled = model.active === null;
    }

    // Progress stands where the work was begun.
    function job() {
        for (const host of app.root.querySelectorAll("[data-job]")) {
            const name = host.dataset.job;
            const now = model.job?.name === name ? model.job : null;
            host.hidden = button("cancel-" + name).hidden = !now;
            const share = Math.round((now?.progress ?? 0) * 100);
            const bar = host.querySelector("[role=progressbar]");
            bar.setAttribute("aria-valuenow", String(share));
            bar.firstElementChild.style.width = share + "%";
            host.querySelector(".doing").textContent = said(now?.words ?? "");
        }
        part("split").hidden = model.job?.name === "propagation";
        button("refer").hidden = model.job?.name === "referral";
        button("refer").disabled = !model.desk || Boolean(model.job);
    }

    model.on("job", (message) => {
        model.job = message.done ? null : message;
        if (message.notice) app.notice(said(message.notice));
        job();
    });
    model.on("open", job);
    clock.addEventListener("frame", () => { readout(); state(); });
    clock.addEventListener("state", state);
    model.on("open", () => { readout(); state(); clock.video.playbackRate = Number(part("speed").value); });
    model.on("objects masks job", afterPaint(tools));
    return acts;
}
