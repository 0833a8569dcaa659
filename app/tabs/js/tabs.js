// The tabs of the page, over one player: Refer and Annotate show it in two ways, the others lie in its place.
import { annotate } from "./annotate.js";
import { dataset } from "./dataset.js";
import { el, icon } from "./dom.js";
import { links } from "./links.js";
import { refer } from "./refer.js";
import { review } from "./review.js";
import { systems } from "./systems.js";
import { t } from "./words.js";

const TABS = ["refer", "annotate", "review", "dataset", "systems"];
const PLAYER = ["refer", "annotate"];

export function tabs(app) {
    const { root, net } = app;
    app.review = review(app);
    const panels = { review: app.review, dataset: dataset(app), systems: systems(app) };
    refer(app);
    annotate(app);

    const buttons = TABS.map((name) => el("button", {
        type: "button", class: "tab", "data-tab": name, onclick: () => show(name, { push: true }),
    }, t("tab." + name), panels[name]?.badge));
    root.querySelector(".brand").after(el("nav", { class: "tabs", "aria-label": t("top.parts") }, ...buttons));
    for (const [name, { panel }] of Object.entries(panels)) {
        panel.hidden = true;
        panel.classList.add("panel");
        panel.dataset.panel = name;
        root.querySelector(".desk").after(panel);
    }

    // A pair that is looked for lies in the player, in the place of the list.
    function player(name) {
        return PLAYER.includes(name) || (name === "review" && Boolean(app.model.desk?.finding));
    }

    app.model.on("open", () => {
        const { finding } = app.model.desk;
        if (finding || root.dataset.tab === "review") show("review");
    });

    function show(name, { push = false } = {}) {
        const known = TABS.includes(name) ? name : "refer";
        if (!player(known)) app.clock.pause();
        root.dataset.tab = known;
        for (const button of buttons) {
            if (button.dataset.tab === known) button.setAttribute("aria-current", "page");
            else button.removeAttribute("aria-current");
        }
        root.querySelector(".desk").hidden = !player(known);
        for (const [other, { panel }] of Object.entries(panels)) panel.hidden = other !== known || player(known);
        if (!player(known)) panels[known].show();
        app.model.say("tab");
        if (PLAYER.includes(known) && app.model.desk?.finding) app.review.away();
        if (push) app.links.write({ push: true });
        window.dispatchEvent(new Event("resize"));
    }

    app.tab = show;
    app.links = links(app);
    show(app.links.wanted.tab);
    app.review.count();

    // Who is signed in, if anybody has to.
    net.ask("person").then(({ person }) => {
        if (!person) return;
        net.person = person;
        net.onperson();
        const out = new URL("logout", document.baseURI);
        root.querySelector(".top-right").prepend(el("a", { class: "person", href: out, title: t("top.person", { person }) },
            icon("person"), el("span", {}, person)));
    }).catch(() => {});
}
