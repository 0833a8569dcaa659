// What another person answered, beside the work: on the picture and on the lanes in a colour of its own, and the legend.
import { css } from "./colours.js";
import { el } from "./dom.js";
import { t } from "./words.js";

export function second(app) {
    const { root, model, overlay, lanes } = app;

    function draw() {
        const before = model.beside.length;
        const here = ["annotate", "review"].includes(root.dataset.tab);
        const { person, objects } = model.second;
        model.beside = here ? objects.map((object) => ({ ...object, category: person, trial: true })) : [];
        if (!before && !model.beside.length) return;
        overlay.draw(app.clock.index);
        lanes.rows();
    }

    // Which colour is whose: `own` objects, and those of the second person; one who has none said that nothing fits.
    app.legend = (ownName, own, otherName) => el("p", { class: "legend" },
        ...entry(own, ownName, ""), ...entry(model.second.objects, otherName, " striped"));

    function entry(objects, name, kind) {
        const swatches = objects.map(({ id }) => el("i", { class: "swatch" + kind, style: "--swatch:" + css(id) }));
        return [el("span", { class: "whose" }, ...swatches, el("span", {}, objects.length ? name : t("legend.nothing", { name })))];
    }

    model.on("open objects tab", draw);
}
