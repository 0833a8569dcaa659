// Talking to the server. Quick requests return at once; prompts and long work go through Gradio's queue and answer with
// numbered messages, so that a lost answer is noticed and fetched again.

import { t } from "./words.js";

export class Gone extends Error {}

export class Net {
    constructor({ server, trigger, watch, props }, model) {
        this.server = server;
        this.trigger = trigger;
        this.model = model;
        this.token = null;
        this.calls = new Map();
        this.count = 0;
        this.ongone = this.onstale = this.onrefused = this.onperson = () => {};
        this.person = null;  // who is signed in, if anybody has to
        this.looking = false;
        this.kept = 0;  // acts that wait in this browser until they are signed in again
        watch("value", () => this.arrive(props.value));
        model.on("change failed job export", (message) => this.settle(message));
        setInterval(() => this.remind(), 1500);
    }

    async ask(name, values = {}) {
        const answer = await this.server.ask({ do: name, token: this.token, seen: this.model.seq, ...values });
        if (!answer) {
            await this.onrefused(name, values);
            throw new Error(t("server.silent"));
        }
        if (!answer.ok) {
            if (answer.error === "gone") {
                this.ongone();
                throw new Gone("gone");
            }
            throw Object.assign(new Error(answer.error), { conflict: answer.conflict, answered: true });
        }
        if (answer.messages && answer.token === this.token) this.model.receive(answer.messages);
        else if (answer.messages === null && answer.token === this.token) this.onstale();
        return answer;
    }

    // What others did meanwhile. Quiet: whatever stands in the way is told by the person's next act.
    async look() {
        if (this.looking) return;
        const { token } = this;
        this.looking = true;
        const answer = await this.server.ask({ do: "others", token, seen: this.model.seq }).catch(() => null);
        this.looking = false;
        if (answer?.ok && answer.messages && token === this.token) this.model.receive(answer.messages);
    }

    // Resolves when the server has done it.
    send(event, values) {
        const call = ++this.count + "-" + Math.random().toString(36).slice(2, 8);
        return new Promise((resolve, reject) => {
            this.calls.set(call, { resolve, reject, since: performance.now() });
            this.trigger(event, { token: this.token, seen: this.model.seq, call, ...values });
        });
    }

    arrive(value) {
        if (!value || value.token !== this.token) return;
        if (!value.ok) {
            const call = this.calls.get(value.call);
            this.calls.delete(value.call);
            if (value.error === "gone") {
                this.ongone();
                call?.reject(new Gone("gone"));
            } else {
                call?.reject(new Error(value.error));
            }
        } else if (value.messages && !this.model.receive(value.messages)) {
            this.ask("missed").catch(() => {});
        }
    }

    settle(message) {
        const call = message && this.calls.get(message.call);
        if (!call) return;
        if (["job", "export"].includes(message.kind) && !message.done) {
            call.since = performance.now();
            return;
        }
        this.calls.delete(message.call);
        if (message.error) call.reject(new Error(message.error));
        else call.resolve(message);
    }

    // An answer that is late may have been lost on the way.
    remind() {
        const now = performance.now();
        if (this.model.job && !this.calls.size) {  // begun before this page was loaded
            this.ask("missed").catch(() => {});
            return;
        }
        for (const call of this.calls.values()) {
            if (now - call.since > 3000) {
                call.since = now;
                this.ask("missed").catch(() => {});
                return;
            }
        }
    }

    // A file to the server's inbox; says how much has arrived. signal: of an AbortController.
    upload(file, onprogress, signal) {
        return new Promise((resolve, reject) => {
            const request = new XMLHttpRequest();
            const form = new FormData();
            form.append("files", file, "upload");
            request.upload.onprogress = (event) => onprogress(event.total ? event.loaded / event.total : 0);
            request.onload = () => {
                if (request.status === 200) resolve(JSON.parse(request.responseText)[0]);
                else if (request.status === 413) reject(new Error(t("upload.too-large")));
                else reject(new Error(t("upload.failed", { status: request.status })));
            };
            request.onerror = () => reject(new Error(t("upload.cut")));
            request.onabort = () => reject(signal.reason);
            signal?.addEventListener("abort", () => request.abort());
            request.open("POST", new URL("gradio_api/upload", document.baseURI));
            request.send(form);
        });
    }
}
