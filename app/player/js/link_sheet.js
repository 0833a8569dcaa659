// Opening a video by its link: a small form; what comes of it is told where uploads tell it.
import { el } from "./dom.js";
import { said, t } from "./words.js";

export function linkSheet(app) {
    const sheet = app.part("link-sheet");
    const address = el("input", {
        type: "text", inputmode: "url", id: "refavs-link", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
        "aria-describedby": "refavs-link-limit", autofocus: true,
    });
    const trouble = el("p", { class: "hint bad", role: "alert" });
    const go = el("button", { type: "submit", class: "primary" }, t("link.go"));
    const form = el("form", { novalidate: true, onsubmit: submit },
        el("h2", { class: "title", id: "refavs-link-title" }, t("link.title")),
        el("label", { for: "refavs-link" }, t("link.address")), address,
        el("p", { class: "hint", id: "refavs-link-limit" }, t("link.limit", { size: app.upload })), trouble,
        el("div", { class: "row" }, el("button", { type: "button", onclick: () => sheet.close() }, t("cancel")), go));
    sheet.append(form);

    async function submit(event) {
        event.preventDefault();
        go.disabled = true;
        trouble.textContent = "";
        try {
            await app.source.fetchLink(address.value);
            sheet.close();
            address.value = "";
        } catch (error) {
            trouble.textContent = said(error.message);
            address.focus();
        }
        go.disabled = false;
    }

    return function ask() {
        if (app.part("menu").contains(document.activeElement)) app.part("picker").focus();  // back there when it closes
        app.source.closeMenu();
        trouble.textContent = "";
        sheet.showModal();
    };
}
