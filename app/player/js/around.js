// What Gradio shows around the player, in the reader's language: the line and the button above it on a Space.
import { said } from "./words.js";

export function around(node) {
    if (!node) return;
    function translate() {
        const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const text = texts.currentNode.data.trim();
            const words = said(text);
            if (words !== text) texts.currentNode.data = words;
        }
    }
    // Gradio writes into it again, when somebody signs in and when there is a new snapshot.
    new MutationObserver(translate).observe(node, { childList: true, characterData: true, subtree: true });
    translate();
}
