// The sentence, Refer with its progress. What is written is kept by the server as it comes.
import { el } from "./dom.js";
import { t } from "./words.js";

const EXAMPLES = ["The object making a sound", "The object making the loudest sound", "The first object to make a sound"];
const REST = 700;  // ms after the last key until the sentence is sent

export function sentence(app) {
    const { part, button, model, net, attempt } = app;
    const box = part("expression");
    let waiting = 0;

    function examples() {
        const words = app.source.expressions();
        const chip = (text, sentence = text) => el("button", {
            type: "button", title: text, onclick: () => { box.value = sentence; box.focus(); written(); },
        }, text);
        part("chips").replaceChildren(...(words.length ? words : EXAMPLES).map((text) => chip(text)), chip(t("sentence.sounding"), ""));
    }

    function written() {
        model.say("expression");
        clearTimeout(waiting);
        const token = net.token;
        waiting = setTimeout(() => {
            waiting = 0;
            if (token === net.token) net.ask("sentence", { expression: box.value }).catch(() => {});
        }, REST);
    }

    // What was written, before the page goes.
    app.flush = async () => {
        clearTimeout(waiting);
        waiting = 0;
        if (model.desk && !model.desk.finding) await net.ask("sentence", { expression: box.value }).catch(() => {});
    };

    // The usual system's answer; in the demonstration to the sound that was chosen, and of a second system after it.
    function refer() {
        return attempt(async () => {
            const request = { do: "refer", expression: box.value };
            if (app.root.dataset.tab !== "refer") return net.send("work", request);
            const { sound, beside, system } = app;
            Object.assign(request, { system, chosen: system });
            const stands = sound === "normal" && (!system || model.verdict?.system === system) && model.verdict?.expression === box.value.trim()
                && model.verdict.found === model.objects.some((object) => object.fits);
            if (!beside || !stands) {
                const done = await net.send("work", { ...request, sound });
                if (!beside || done.notice || box.value !== request.expression) return done;
            }
            return net.send("work", { ...request, sound, system: beside });
        });
    }

    button("refer").addEventListener("click", refer);
    box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            if (!button("refer").disabled) refer();
        }
    });
    box.addEventListener("input", written);
    // The page may go: what was written is sent at once.
    const leaving = () => waiting && app.flush();
    window.addEventListener("blur", leaving);
    window.addEventListener("pagehide", leaving);
    document.documentElement.addEventListener("mouseleave", leaving);
    model.on("open", () => {
        box.value = model.desk.expression;
        examples();
    });
}
