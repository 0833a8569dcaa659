// The sentence, Refer with its progress. What is written is kept by the server as it comes.
import { el } from "./dom.js";

const EXAMPLES = ["The object making a sound", "The object making the loudest sound", "The first object to make a sound"];
const REST = 700;  // ms after the last key until the sentence is sent

export function sentence(app) {
    const { part, button, model, net, attempt } = app;
    const box = part("expression");
    let waiting = 0;

    function examples() {
        const words = app.source.expressions();
        part("chips").replaceChildren(...(words.length ? words : EXAMPLES).map((text) => el("button", {
            type: "button", title: text, onclick: () => { box.value = text; box.focus(); written(); },
        }, text)));
    }

    function written() {
        model.say("expression");
        clearTimeout(waiting);
        const token = net.token;
        waiting = setTimeout(() => token === net.token && net.ask("sentence", { expression: box.value }).catch(() => {}), REST);
    }

    function refer() {
        return attempt(() => net.send("work", { do: "refer", expression: box.value, sound: app.root.dataset.tab === "refer" ? app.sound : "normal" }));
    }

    button("refer").addEventListener("click", refer);
    box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            if (!button("refer").disabled) refer();
        }
    });
    box.addEventListener("input", written);
    model.on("open", () => {
        box.value = model.desk.expression;
        examples();
    });
}
