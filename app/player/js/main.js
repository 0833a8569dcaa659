// The widget: makes its parts and joins them. Everything that a test may look at is on root.__refavs.
import { around } from "./around.js";
import { Brush } from "./brush.js";
import { Clock } from "./clock.js";
import { notices } from "./dom.js";
import { jumps } from "./jumps.js";
import { kept } from "./kept.js";
import { keys } from "./keys.js";
import { Lanes } from "./lanes.js";
import { linkSheet } from "./link_sheet.js";
import { Model } from "./model.js";
import { Net } from "./net.js";
import { objects } from "./objects.js";
import { Overlay } from "./overlay.js";
import { pairs } from "./pairs.js";
import { Polygon } from "./polygon.js";
import { reasons } from "./reasons.js";
import { sentence } from "./sentence.js";
import { sounding } from "./sounding.js";
import { source } from "./source.js";
import { Stage } from "./stage.js";
import { tabs } from "./tabs.js";
import { transport } from "./transport.js";
import { View } from "./view.js";
import { said, translate } from "./words.js";

export function mount(gradio) {
    const root = gradio.element.querySelector("[data-part=root]");
    translate(root);
    around(document.getElementById("space-bar"));
    const part = (name) => root.querySelector("[data-part=" + name + "]");
    const button = (name) => root.querySelector("[data-do=" + name + "]");
    const model = new Model();
    const net = new Net(gradio, model);
    const clock = new Clock(part("video"), part("still"));
    const overlay = new Overlay(part("overlay"), model);
    const notice = notices(part("notices"));
    const upload = `${root.dataset.upload} MB`;  // of one file, at most
    const app = { root, part, button, model, net, clock, overlay, notice, upload };

    // Do something for the person; what goes wrong is told, once, in words. What they stopped themselves is not.
    app.attempt = async (work) => {
        try {
            return await work();
        } catch (error) {
            if (error.message !== "gone" && error.code !== DOMException.ABORT_ERR) notice(said(error.message) || String(error), { error: true });
            return undefined;
        }
    };

    app.brush = new Brush(app);
    app.polygon = new Polygon(app);
    app.stage = new Stage(app);
    app.view = new View(app);
    app.lanes = new Lanes(app);
    app.acts = transport(app);
    app.jumps = jumps(app);
    app.source = source(app);
    app.askLink = linkSheet(app);
    kept(app);
    sounding(app);
    sentence(app);
    reasons(app);
    objects(app);
    pairs(app);
    keys(app);

    model.on("trouble", ({ error }) => notice(said(error), { error: true }));
    clock.addEventListener("frame", () => {
        overlay.draw(clock.index);
        app.stage.draw();
        app.lanes.follow();
    });
    root.__refavs = app;
    tabs(app);
    app.source.hello();
}
