// COCO run lengths: text -> runs -> pixels. Pure; knows no page.

// "text" -> Uint32Array of run lengths down the columns, background first.
export function runs(text) {
    const out = new Uint32Array(text.length);
    let n = 0;
    for (let at = 0; at < text.length;) {
        let value = 0;
        let shift = 0;
        let more = true;
        while (more) {
            const digit = text.charCodeAt(at++) - 48;
            value |= (digit & 31) << shift;
            more = (digit & 32) !== 0;
            shift += 5;
            if (!more && (digit & 16) && shift < 32) value |= -1 << shift;
        }
        if (n > 2) value += out[n - 2];
        out[n++] = value;
    }
    return out.subarray(0, n);
}

// Fill `pixels` (Uint8Array w * h, columns first, zero before) with 1 where the mask is; returns its box or null.
export function fill(pixels, lengths, h) {
    let at = 0;
    let y0 = h;
    let y1 = 0;
    let first = -1;
    let last = -1;
    for (let k = 0; k < lengths.length; k++) {
        const length = lengths[k];
        if (k % 2 === 1 && length > 0) {
            pixels.fill(1, at, at + length);
            if (first < 0) first = at;
            last = at + length - 1;
            const top = at % h;
            if (top + length > h) {
                y0 = 0;
                y1 = h;
            } else {
                y0 = Math.min(y0, top);
                y1 = Math.max(y1, top + length);
            }
        }
        at += length;
    }
    if (first < 0) return null;
    return { x0: Math.floor(first / h), x1: Math.floor(last / h) + 1, y0, y1 };
}

// Paint the pixels of `box` into `out` (Uint32Array w * h, rows first): `inner`, and `edge` within `t` of the outside;
// with a `band`, `edge` also in stripes of that width, and nothing between them.
export function paint(out, pixels, box, w, h, inner, edge, t, band = 0) {
    const side = t * h;
    for (let x = box.x0; x < box.x1; x++) {
        const column = x * h;
        const inX = x >= t && x < w - t;
        for (let y = box.y0; y < box.y1; y++) {
            const i = column + y;
            if (!pixels[i]) continue;
            const deep = inX && y >= t && y < h - t
                && pixels[i - t] && pixels[i + t] && pixels[i - side] && pixels[i + side];
            const colour = !deep ? edge : !band ? inner : Math.floor((x + y) / band) % 3 === 0 ? edge : 0;
            if (colour) out[y * w + x] = colour;
        }
    }
}

// Pixels (Uint8Array, columns first) -> text; the inverse of runs and fill.
export function encode(pixels) {
    const lengths = [];
    let at = 0;
    for (let value = 0; at < pixels.length; value = 1 - value) {
        const end = pixels.indexOf(1 - value, at);
        lengths.push((end < 0 ? pixels.length : end) - at);
        at = end < 0 ? pixels.length : end;
    }
    let text = "";
    for (let k = 0; k < lengths.length; k++) {
        let value = k > 2 ? lengths[k] - lengths[k - 2] : lengths[k];
        for (let more = true; more;) {
            let digit = value & 31;
            value >>= 5;
            more = digit & 16 ? value !== -1 : value !== 0;
            if (more) digit |= 32;
            text += String.fromCharCode(digit + 48);
        }
    }
    return text;
}
