// What systems say of an answer, in the reader's language: sentences, their clauses and the words in them are found by
// their English; what is not known (sentences that a network wrote, names of things) stays as it is.
import { language } from "./words.js";
import zh from "./words_zh_reasons.js";

const NUMBER = "(-?[\\d.]+)";
let patterns = null;

// {#} is a number, {w} words without a comma, {} anything. Whole sentences, which begin with a capital, are looked for
// before they are taken apart into clauses.
function compiled() {
    return Object.entries(zh).filter(([english]) => /{[#w]?}/.test(english)).map(([english, words]) => ({
        words, sentence: /^[A-Z]/.test(english),
        shape: new RegExp("^" + english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll("{#}", NUMBER).replaceAll("{w}", "([^,]+)").replaceAll("{}", "(.+?)") + "$", "s"),
    }));
}

function filled(text, sentence) {
    for (const pattern of patterns) {
        const found = pattern.sentence === sentence && pattern.shape.exec(text);
        if (!found) continue;
        return pattern.words.replace(/{(=?)(\d)}/g, (whole, same, k) => {
            const part = found[Number(k) + 1];
            return same ? part.replace(/^an? (?=\S+$)/, "") : clause(part);
        });
    }
    return null;
}

function known(text) {
    return Object.hasOwn(zh, text) ? zh[text] : filled(text, true);
}

// {0} is put in its own words, {=0} as it is.
function clause(text) {
    if (/^[“"][^“”"]*[”"]$/.test(text)) return text;
    const whole = known(text);
    if (whole) return whole;
    const parts = text.split("; ");
    if (parts.length > 1) return parts.map(clause).join("；");
    const short = filled(text, false);
    if (short) return short;
    const pieces = text.split(", ");
    return pieces.length > 1 ? pieces.map(clause).join("，") : text;
}

export function reason(text) {
    if (language === "en" || !text) return text;
    patterns ??= compiled();
    return text.split(/(?<=[.!?]) /).map((sentence) => {
        const words = sentence.replace(/(?<!\.)\.$/, "");
        // A sentence that is not known as a whole may be a network's: its parts are left alone.
        const said = /^\d/.test(words) ? clause(words) : known(words) ?? words;
        return said === words ? sentence + " " : said + "。";
    }).join("").trim();
}
