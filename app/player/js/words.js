// What the page says, in the reader's language: the one chosen here, else the first of the browser's that is known.
// Sentences of the server are found by their English words.
import en from "./words_en.js";
import zh from "./words_zh.js";
import zhSaid from "./words_zh_said.js";

const KEPT = "refavs.language";
const TABLES = { en, zh };

function chosen() {
    const kept = localStorage.getItem(KEPT);
    if (kept in TABLES) return kept;
    return navigator.languages.map((name) => name.split("-")[0].toLowerCase()).find((name) => name in TABLES) ?? "en";
}

export const language = chosen();
// For dates and times: as the browser writes them, unless it speaks another language.
export const locale = navigator.language.startsWith(language) ? navigator.language : language;

// From the next load of the page on.
export function choose(name) {
    localStorage.setItem(KEPT, name);
}

// The words of a key; {name} in them is taken from `values`. `n` = 1 has its own words in some languages.
export function t(key, values = {}) {
    const table = TABLES[language];
    const words = (values.n === 1 ? table[key + ".one"] : undefined) ?? table[key] ?? key;
    return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// The words of a key that the server names (a status, a cue, an act), else the name itself.
export function named(prefix, name) {
    return TABLES[language][prefix + "." + name] ?? name;
}

let patterns = null;

// A sentence of the server; one that is not known stays as it is.
export function said(text) {
    if (language === "en" || !text) return text;
    if (Object.hasOwn(zhSaid, text)) return zhSaid[text];
    patterns ??= Object.entries(zhSaid).filter(([english]) => english.includes("{}")).map(([english, words]) =>
        [new RegExp("^" + english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll("{}", "(.+?)") + "$", "s"), words]);
    for (const [pattern, words] of patterns) {
        const found = pattern.exec(text);
        if (found) return words.replace(/\{(\d)\}/g, (whole, k) => said(found[Number(k) + 1]));
    }
    const sentences = text.split(/(?<=[.!?]) /);
    if (sentences.length > 1) return sentences.map(said).join(" ");
    const clauses = text.split("; ");
    if (clauses.length === 1) return text;
    const words = clauses.map(said);
    return words.every((each, k) => each !== clauses[k]) ? words.join("；") : text;
}

// The words of the page's own elements: data-t = what stands in it, data-t-NAME = an attribute.
export function translate(root) {
    for (const node of root.querySelectorAll("*")) {
        for (const [name, key] of Object.entries(node.dataset)) {
            if (name === "t") node.textContent = t(key);
            else if (/^t[A-Z]/.test(name)) node.setAttribute(name === "tLabel" ? "aria-label" : name.slice(1).toLowerCase(), t(key));
        }
    }
    document.documentElement.lang = language;
}
