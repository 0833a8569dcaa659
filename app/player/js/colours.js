// Colours of objects: told apart with every common kind of colour blindness (after Okabe and Ito), bright on video. What an
// answer to "everything that sounds" names has the colour of its class instead.
import classes from "./classes.js";

const PALETTE = [
    [255, 176, 0], [86, 180, 233], [230, 97, 160], [0, 190, 140], [240, 228, 66], [232, 94, 0], [120, 130, 255],
];

let semantic = new Map();  // object id -> colour of its class

// These objects, and no others, are shown by their class; one of no class of AVSBench keeps its own colour.
export function byClass(objects) {
    semantic = new Map(objects.filter(({ category }) => category in classes).map(({ id, category }) => [id, classes[category]]));
}

// Whether the colour says what the object is.
export function ofClass(id) {
    return semantic.has(id);
}

export function rgb(id) {
    return semantic.get(id) ?? PALETTE[(id - 1) % PALETTE.length];
}

export function css(id, alpha = 1) {
    return "rgb(" + rgb(id).join(" ") + " / " + alpha + ")";
}

// The colour as a pixel of ImageData (little-endian RGBA).
export function pixel(id, alpha) {
    const [r, g, b] = rgb(id);
    return ((Math.round(alpha * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
