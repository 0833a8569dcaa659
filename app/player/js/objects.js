// The objects of the clip, which of them the sentence refers to, and Save.
import { css } from "./colours.js";
import { afterPaint, el, icon } from "./dom.js";
import { t } from "./words.js";

export function objects(app) {
    const { part, button, model, net, clock, attempt } = app;
    const host = part("objects");
    let drawn = null;  // what the rows say

    function row(object) {
        const own = model.cells.get(object.id);
        const name = el("input", {
            type: "text", value: object.category, maxlength: "60", placeholder: t("objects.name", { id: object.id }),
            "aria-label": t("objects.category", { id: object.id }),
            onchange: (event) => attempt(() => net.ask("object", { object: object.id, category: event.target.value })),
            onkeydown: (event) => event.key === "Enter" && event.target.blur(),
            onfocus: () => model.active !== object.id && (model.active = object.id, mark(), model.say("masks")),
        });
        const fits = el("input", {
            type: "checkbox", checked: object.fits, "aria-label": t("objects.fits.label", { id: object.id }),
            title: t("objects.fits"),
            onchange: (event) => attempt(() => net.ask("object", { object: object.id, fits: event.target.checked })),
        });
        const total = clock.last - clock.first + 1;
        const count = own.size === total ? t("objects.all-frames") : t("objects.of", { n: own.size, total });
        return el("div", {
            class: "object" + (object.id === model.active && !app.stage.newObject ? " active" : ""), "data-object": object.id,
            onclick: (event) => !event.target.closest("input, button") && (app.stage.newObject = false, model.choose(object.id)),
        }, fits, el("i", { class: "swatch", style: "background:" + css(object.id) }), name,
        el("span", { class: "frames", title: t("objects.frames") }, count),
        el("button", {
            type: "button", class: "ghost", "aria-label": t("objects.delete", { id: object.id }), title: t("objects.delete.title"),
            onclick: () => attempt(() => net.ask("delete", { object: object.id })),
        }, icon("bin")));
    }

    function mark() {
        for (const node of host.children) node.classList.toggle("active", Number(node.dataset.object) === model.active);
    }

    function draw() {
        if (!model.desk) return;
        const says = JSON.stringify([clock.last, model.active, app.stage.newObject, model.objects.map((object) => [object, css(object.id), model.cells.get(object.id).size])]);
        if (says === drawn) return;
        drawn = says;
        const typed = host.contains(document.activeElement) && document.activeElement.type === "text" ? document.activeElement : null;
        const kept = typed && { object: typed.closest("[data-object]").dataset.object, value: typed.value, at: typed.selectionStart };
        const words = app.stage.newObject
            ? t("objects.click-new")
            : t("objects.none");
        host.replaceChildren(...model.objects.map(row),
            ...(model.objects.length && !app.stage.newObject ? [] : [el("p", { class: "nothing" }, words)]));
        if (kept) {
            const again = host.querySelector("[data-object='" + kept.object + "'] input[type=text]");
            if (again) {
                again.value = kept.value;
                again.focus();
                again.setSelectionRange(kept.at, kept.at);
            }
        }
    }

    model.on("open objects masks complete", afterPaint(draw));
}
