"""Acts that a browser keeps while its person is signed out: app/player/js/kept.js alone."""

import pytest
from in_node import run

STANDS_IN = """
import { kept } from "./kept.js";
import { Gone } from "./net.js";
const kv = new Map();
globalThis.localStorage = { getItem: (k) => kv.get(k) ?? null, setItem: (k, v) => kv.set(k, v) };
globalThis.document = { baseURI: "http://here/" };
globalThis.setTimeout = () => {};
let signedIn = false, until = Infinity;
globalThis.fetch = async () => ({ status: signedIn ? 200 : 401 });
const done = [], told = [];
const net = {
    token: "t", person: "ann", kept: 0,
    async ask(name, values) {
        if (done.length >= until) signedIn = false;
        if (signedIn) return void done.push(values.n ?? name);
        await this.onrefused(name, values);
        throw new Error("silent");
    },
};
const model = { desk: { source: "clip" }, active: 7, say() {}, on() {} };
kept({ model, net, notice: (words) => (told.push(words), () => {}), part: () => ({}) });
const act = (name, values) => net.ask(name, values).catch(() => {});
const back = async (after = Infinity) => { signedIn = true; until = after; await net.onperson(); };
const wait = () => new Promise((go) => setImmediate(go));
"""


@pytest.fixture
def page(tmp_path):
    """Runs a script beside kept.js; what the server did, what waits in the browser, and how often a person was told."""
    others = {
        "net.js": "export class Gone extends Error {}",
        "words.js": "export const t = (key) => key, said = (words) => words;",
    }
    told = "const result = { done, waiting: net.kept, told };"
    return lambda script: run(tmp_path, "kept.js", others, STANDS_IN + script + told)


FOUR = "for (const n of [1, 2, 3]) await act('prompt', { n, object: 1 }); await act('save', { n: 'save' });"


def test_acts_of_a_signed_out_person_are_done_in_their_order_once_they_are_back(page):
    assert page(FOUR + "await back(); await wait(); await wait();") == {
        "done": [1, 2, 3, "save"],
        "waiting": 0,
        "told": ["server.out", "server.replayed"],
    }


def test_signed_out_again_in_the_middle_no_act_is_done_twice_or_out_of_order(page):
    found = page(
        FOUR + "await back(1); await wait(); await back(); for (let i = 0; i < 9; i++) await wait();"
    )
    assert found["done"] == [1, 2, 3, "save"]
    assert found["waiting"] == 0


def test_what_is_done_while_the_kept_acts_are_done_waits_behind_them(page):
    found = page(
        FOUR
        + "await back(1); await wait(); await act('prompt', { n: 4, object: 1 });"
        + "await back(); for (let i = 0; i < 9; i++) await wait();"
    )
    assert found["done"] == [1, 2, 3, "save", 4]


def test_what_a_kept_first_stroke_begins_the_next_ones_go_on_with(page):
    found = page(
        "await act('brush', { n: 1, object: null }); await act('brush', { n: 2, object: null });"
        "const asked = []; const ask = net.ask; net.ask = (name, values) => (asked.push(values.object), ask.call(net, name, values));"
        "await back(); for (let i = 0; i < 5; i++) await wait(); done.push(asked);"
    )
    assert found["done"] == [1, 2, [None, 7]]


def test_server_that_is_away_while_the_kept_acts_are_done_loses_none_of_them(page):
    found = page(
        FOUR
        + "const ask = net.ask; net.ask = () => Promise.reject(new Error('silent'));"
        + "await back(); await wait(); const rest = net.kept; net.ask = ask;"
        + "await back(); for (let i = 0; i < 9; i++) await wait(); done.push(rest);"
    )
    assert found["done"] == [1, 2, 3, "save", 4]
    assert found["waiting"] == 0


def test_act_that_the_server_refuses_is_told_and_the_rest_is_done(page):
    found = page(
        FOUR
        + "const ask = net.ask; net.ask = (name, values) => values.n === 2"
        + " ? Promise.reject(Object.assign(new Error('too late'), { answered: true })) : ask.call(net, name, values);"
        + "await back(); for (let i = 0; i < 9; i++) await wait();"
    )
    assert found["done"] == [1, 3, "save"]
    assert "server.replay-failed" in found["told"]


def test_two_pages_of_a_browser_do_the_kept_acts_once(page):
    found = page(
        "let held = false; Object.defineProperty(globalThis.navigator, 'locks', { value: {"
        " async request(name, options, work) { if (held) return work(null); held = true;"
        " try { return await work({}); } finally { held = false; } } } });"
        + FOUR
        + "const other = { ...net }; kept({ model, net: other, notice: () => () => {}, part: () => ({}) });"
        + "signedIn = true; await Promise.all([net.onperson(), other.onperson()]); for (let i = 0; i < 9; i++) await wait();"
    )
    assert found["done"] == [1, 2, 3, "save"]
