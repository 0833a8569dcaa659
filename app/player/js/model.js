// What the page knows of its desk: objects, their masks by frame, undo, the running job. Changes come as messages.

import { byClass } from "./colours.js";

export class Model extends EventTarget {
    constructor() {
        super();
        this.desk = null;
        this.seq = 0;
        this.objects = [];
        this.trials = [];  // answers that are only looked at: {system, sound, expression, found, words, objects}
        this.shown = [];  // objects of those that lie on the picture
        this.second = { person: "", objects: [] };  // what another person answered to the pair
        this.beside = [];  // objects of that which lie on the picture
        this.cells = new Map();  // object id -> Map(frame index -> [run lengths, touched, prompts])
        this.changes = new Map();  // object id -> how often its masks changed
        this.active = null;
        this.undo = this.redo = null;
        this.job = null;
        this.reasons = [];
        this.verdict = null;
        this.pairs = [];
        this.saved = null;
    }

    open(desk) {
        this.desk = desk;
        this.seq = desk.seq;
        this.cells = new Map();
        this.job = desk.job;
        this.reasons = desk.reasons;
        this.verdict = desk.verdict;
        this.pairs = desk.pairs ?? [];
        this.saved = desk.saved ?? null;
        this.efforts = desk.efforts ?? {};  // pair -> {seconds, clicks, strokes}
        this.take(desk);
        this.active = this.objects.find((o) => o.fits)?.id ?? this.objects.at(-1)?.id ?? null;
        this.say("open");
        this.say("objects");
    }

    take({ objects, trials, second, effort, undo, redo, revision }) {
        this.revision = revision;
        this.objects = objects;
        this.trials = trials;
        this.second = second;
        this.effort = effort;
        this.undo = undo;
        this.redo = redo;
        this.colour();
        const all = [...objects, ...trials.flatMap((trial) => trial.objects), ...second.objects];
        for (const { id } of all) if (!this.cells.has(id)) this.cells.set(id, new Map());
        for (const id of this.cells.keys()) if (!all.some((o) => o.id === id)) this.cells.delete(id);
        if (this.active !== null && !this.object(this.active)) {
            this.active = objects.find((o) => o.fits)?.id ?? objects.at(-1)?.id ?? null;
        }
    }

    // Answers to "everything that sounds" have the colours of what they are.
    colour() {
        const sounding = this.trials.filter((trial) => !trial.expression).flatMap((trial) => trial.objects);
        byClass([...(this.verdict?.expression === "" ? this.objects : []), ...sounding]);
    }

    // What has a place on the picture and on the lanes.
    get drawn() {
        return [...this.objects, ...this.shown, ...this.beside];
    }

    object(id) {
        return this.objects.find((o) => o.id === id);
    }

    cell(id, index) {
        return this.cells.get(id)?.get(index);
    }

    // Masks that were asked for; they never replace what a message has brought meanwhile.
    fill(id, masks) {
        const own = this.cells.get(id);
        if (!own) return;
        for (const [index, cell] of Object.entries(masks)) if (!own.has(+index)) own.set(+index, cell);
        this.changed(id);
        this.say("masks");
    }

    changed(id) {
        this.changes.set(id, (this.changes.get(id) ?? 0) + 1);
    }

    // Messages in order; returns false when one is missing.
    receive(messages) {
        for (const message of messages) {
            if (message.seq <= this.seq) continue;
            if (message.seq !== this.seq + 1) return false;
            this.seq = message.seq;
            this.apply(message);
        }
        return true;
    }

    apply(message) {
        if (message.kind === "change") {
            if (message.objects) this.take(message);
            for (const [id, masks] of Object.entries(message.masks ?? {})) {
                const own = this.cells.get(+id);
                if (!own) continue;
                this.changed(+id);
                for (const [index, cell] of Object.entries(masks)) {
                    if (cell) own.set(+index, cell);
                    else own.delete(+index);
                }
            }
            if ("active" in message) this.active = message.active;
            this.say("masks");
            this.say("objects");
        }
        this.say(message.kind, message);
    }

    choose(id) {
        this.active = id;
        this.say("masks");
        this.say("objects");
    }

    on(kinds, callback) {
        for (const kind of kinds.split(" ")) this.addEventListener(kind, (event) => callback(event.detail));
    }

    say(kind, detail) {
        this.dispatchEvent(new CustomEvent(kind, { detail }));
    }
}
