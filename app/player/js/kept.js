// Signed out in the middle of work: what is done meanwhile is kept in this browser, and done when its person is signed in
// again, on this page or after it was loaded anew.
import { Gone } from "./net.js";
import { said, t } from "./words.js";

const KEPT = "refavs.kept";
const ACTS = new Set(["prompt", "brush", "absent", "object", "delete", "undo", "redo", "sentence", "save"]);
const LOOK = 4000;  // ms between two looks whether the person is back

export function kept(app) {
    const { model, net, notice } = app;
    let out = false;
    let away = () => {};  // takes the message away
    let replaying = false;
    let again;  // the values of the act that is done again now: it is kept already

    // {token, source, person, acts: [{name, values}]}: of one page's desk; another person's stays until they are back.
    function read() {
        try {
            return JSON.parse(localStorage.getItem(KEPT)) ?? [];
        } catch {
            return [];
        }
    }

    function write(entries) {
        localStorage.setItem(KEPT, JSON.stringify(entries.filter((entry) => entry.acts.length)));
        net.kept = entries.find((entry) => entry.token === net.token)?.acts.length ?? 0;
        model.say("expression");
    }

    function keep(name, values) {
        const entries = read();
        let mine = entries.find((entry) => entry.token === net.token && entry.person === net.person);
        if (!mine) entries.push(mine = { token: net.token, source: model.desk.source, person: net.person, acts: [] });
        if (name === "sentence") mine.acts = mine.acts.filter((act) => act.name !== "sentence");
        // What a first stroke begins, the next ones go on with.
        const begun = mine.acts.some((act) => act.values.object === null);
        const object = values.object === null && begun && !values.fresh ? "active" : values.object;
        mine.acts.push({ name, values: { ...values, object } });
        write(entries);
    }

    async function signedOut() {
        const answer = await fetch(new URL("config", document.baseURI)).catch(() => null);
        return answer?.status === 401;
    }

    // The server took nothing: was it because nobody is signed in any more?
    net.onrefused = async (name, values) => {
        if (!await signedOut()) return;
        if (values !== again && ACTS.has(name) && model.desk) keep(name, values);
        if (!out) {
            out = true;
            away = notice(t("server.out"), { error: true, actions: [[t("server.sign-in"), () => location.reload()]] });
            setTimeout(look, LOOK);
        }
        throw new Gone("gone");
    };

    async function look() {
        if (await signedOut()) setTimeout(look, LOOK);
        else replay();
    }

    // One page at a time: what is kept is the browser's.
    async function replay() {
        if (!globalThis.navigator?.locks) return replayAlone();  // a page without https
        return navigator.locks.request(KEPT, { ifAvailable: true }, (lock) => (lock ? replayAlone() : void (out = false)));
    }

    async function replayAlone() {
        if (net.person) away();
        const of = (entries) => entries.find((entry) => entry.person === net.person && entry.source === model.desk?.source);
        if (!of(read()) || replaying || !net.person) {
            out = Boolean(replaying);
            return;
        }
        replaying = true;
        let count = 0;
        try {
            for (let mine = of(read()); mine; mine = of(read())) {
                const { name, values } = mine.acts[0];
                again = { ...values, object: values.object === "active" ? model.active : values.object };
                try {
                    await net.ask(name, again);
                } catch (error) {
                    if (error instanceof Gone) return;  // signed out again, or the desk is opened anew
                    if (!error.answered) {  // the server is away: what is kept stays until it is back
                        setTimeout(look, LOOK);
                        return;
                    }
                    notice(t("server.replay-failed", { why: said(error.message) }), { error: true });
                }
                if (name === "sentence") app.part("expression").value = values.expression;
                const entries = read();  // what was done meanwhile may have been kept behind it
                of(entries).acts.shift();
                write(entries);
                count += 1;
            }
            notice(t("server.replayed", { n: count }), { seconds: 8 });
        } finally {
            out = replaying = false;
        }
    }

    model.on("open", () => replay());
    net.onperson = () => replay();
}
