// Play, speed, sound, opacity; undo, propagate, cancel: the row under the picture. Returns the acts, for the keys.
import { clockText } from "./dom.js";

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
    click("cancel", acts.cancel);
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

    function readout() {
        if (!clock.pts.length) return;
        part("time").textContent = clockText(clock.time());
        part("duration").textContent = "/ " + clockText(clock.duration);
        part("frame").textContent = "frame " + clock.index;
    }

    function state() {
        set("play-icon", clock.playing ? "pause" : "play");
        button("play").setAttribute("aria-label", clock.playing ? "Pause" : "Play");
        const muted = clock.video.muted || !model.desk?.sound;
        set("mute-icon", muted ? "muted" : "volume");
        button("mute").setAttribute("aria-pressed", String(clock.video.muted));
        button("mute").disabled = !model.desk?.sound;
        button("play").disabled = !clock.ready;
    }

    function tools() {
        button("undo").disabled = !model.undo;
        button("redo").disabled = !model.redo;
        button("undo").title = model.undo ? "Undo " + model.undo + " (Ctrl+Z)" : "Nothing to undo";
        button("redo").title = model.redo ? "Redo " + model.redo + " (Ctrl+Shift+Z)" : "Nothing to redo";
        const own = model.cells.get(model.active);
        const idle = !model.job && own !== undefined && own.size > 0;
        for (const name of ["propagate", "propagate-back", "propagate-forward"]) button(name).disabled = !idle;
    }

    clock.addEventListener("frame", () => { readout(); state(); });
    clock.addEventListener("state", state);
    model.on("open", () => { readout(); state(); clock.video.playbackRate = Number(part("speed").value); });
    model.on("objects masks job", tools);
    return acts;
}
