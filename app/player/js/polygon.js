// A polygon, corner by corner; closed, it is a stroke like the brush's.

const NEAR = 9;  // screen pixels from the first corner that close it

export class Polygon {
    constructor(app) {
        this.app = app;
        this.corners = [];  // fractions of the picture
        this.pointer = null;
        app.clock.addEventListener("frame", () => this.corners.length && app.clock.index !== this.index && this.drop());
    }

    get open() {
        return this.corners.length > 0;
    }

    press(place, event) {
        const { clock } = this.app;
        if (!this.open) this.index = clock.index;
        const again = this.open && this.near(this.corners.at(-1), place);  // a double click
        if (this.corners.length > 2 && (again || this.near(this.corners[0], place))) {
            this.close(event.shiftKey);
        } else if (!again) {
            this.corners.push(place);
            this.pointer = place;
        }
    }

    near([x0, y0], [x1, y1]) {
        const box = this.app.part("screen").getBoundingClientRect();
        return Math.hypot((x1 - x0) * box.width, (y1 - y0) * box.height) < NEAR;
    }

    back() {
        this.corners.pop();
        this.app.stage.draw();
    }

    drop() {
        this.corners = [];
        this.app.stage.draw();
    }

    close(erase = false) {
        const corners = this.corners;
        this.drop();
        if (corners.length > 2) this.app.brush.fill(corners, erase);
    }
}

// The columns' runs of pixels whose middles lie inside the corners (in pixels; even-odd): calls add(column, from, to).
export function inside(corners, w, h, add) {
    const xs = corners.map(([x]) => x);
    const clamp = (value, most) => Math.min(Math.max(value, 0), most);
    for (let column = clamp(Math.floor(Math.min(...xs)), w); column < clamp(Math.ceil(Math.max(...xs)), w); column++) {
        const x = column + 0.5;
        const crossings = [];
        corners.forEach(([x0, y0], k) => {
            const [x1, y1] = corners[(k + 1) % corners.length];
            if ((x0 <= x) !== (x1 <= x)) crossings.push(y0 + ((x - x0) / (x1 - x0)) * (y1 - y0));
        });
        crossings.sort((a, b) => a - b);
        for (let k = 0; k + 1 < crossings.length; k += 2) {
            const from = clamp(Math.ceil(crossings[k] - 0.5), h);
            const to = clamp(Math.ceil(crossings[k + 1] - 0.5), h);
            if (to > from) add(column, from, to);
        }
    }
}
