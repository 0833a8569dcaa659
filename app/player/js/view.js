// Zoom and pan of the picture. Everything that asks where the picture is asks its rectangle, so a click lands on the same
// pixel at every zoom.

const MOST = 32;
const NEAR = 3;  // screen pixels a video pixel from which pixels are shown as squares

export class View {
    constructor(app) {
        this.app = app;
        this.stage = app.part("stage");
        this.screen = app.part("screen");
        this.scale = 1;
        this.x = this.y = 0;
        this.touches = new Map();
        this.panning = null;
        this.held = false;  // the space bar
        this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
        const catching = { capture: true };
        this.stage.addEventListener("pointerdown", (event) => this.down(event), catching);
        this.stage.addEventListener("pointermove", (event) => this.move(event), catching);
        for (const name of ["pointerup", "pointercancel"]) this.stage.addEventListener(name, (event) => this.up(event), catching);
        app.button("fit").addEventListener("click", () => this.fit());
        app.model.on("open", () => this.fit());
        new ResizeObserver(() => this.apply()).observe(this.stage);
    }

    fit() {
        this.scale = 1;
        this.x = this.y = 0;
        this.apply();
    }

    // Zoom so that what lies under a point of the window stays there.
    zoom(factor, clientX, clientY) {
        if (!this.app.model.desk) return;
        const box = this.stage.getBoundingClientRect();
        const { left, top } = this.base();
        const px = (clientX ?? box.left + box.width / 2) - box.left - left;
        const py = (clientY ?? box.top + box.height / 2) - box.top - top;
        const scale = Math.min(Math.max(this.scale * factor, 1), MOST);
        this.x = px - ((px - this.x) / this.scale) * scale;
        this.y = py - ((py - this.y) / this.scale) * scale;
        this.scale = scale;
        this.apply();
    }

    pan(dx, dy) {
        this.x += dx;
        this.y += dy;
        this.apply();
    }

    // Where the picture lies in the stage without zoom; layout alone would round it to whole pixels.
    base() {
        const [stage, screen] = [this.stage.getBoundingClientRect(), this.screen.getBoundingClientRect()];
        const { x, y, scale } = this.applied ?? { x: 0, y: 0, scale: 1 };
        return { left: screen.left - stage.left - x, top: screen.top - stage.top - y, w: screen.width / scale, h: screen.height / scale };
    }

    apply() {
        const { left, top, w, h } = this.base();
        const within = (offset, start, length, room) => length * this.scale <= room
            ? (room - length * this.scale) / 2 - start
            : Math.min(Math.max(offset, room - start - length * this.scale), -start);
        this.x = within(this.x, left, w, this.stage.clientWidth);
        this.y = within(this.y, top, h, this.stage.clientHeight);
        const moved = this.scale > 1;
        this.applied = moved ? { x: this.x, y: this.y, scale: this.scale } : null;
        this.screen.style.transform = moved ? "translate(" + this.x + "px," + this.y + "px) scale(" + this.scale + ")" : "";
        const width = this.app.model.desk?.size[1] ?? w;
        this.screen.classList.toggle("near", (w * this.scale) / width >= NEAR);
        this.app.button("fit").disabled = !moved;
        this.app.part("zoom").hidden = !moved;
        this.app.part("zoom").textContent = this.scale.toFixed(1).replace(".0", "") + "×";
        this.app.stage?.moved();
    }

    wheel(event) {
        const pinch = event.ctrlKey || event.metaKey;
        if (!this.app.model.desk || (!pinch && window.matchMedia("(max-width: 860px)").matches)) return;
        event.preventDefault();
        const lines = event.deltaMode === 1 ? 16 : 1;
        if (event.shiftKey && !pinch) this.pan(-(event.deltaX || event.deltaY) * lines, 0);
        else this.zoom(Math.exp(-event.deltaY * lines * (pinch ? 0.01 : 0.0022)), event.clientX, event.clientY);
    }

    hold(held) {
        this.held = held;
        this.screen.classList.toggle("panning", held);
    }

    // Dragging with the middle button or the space bar pans; two fingers pinch. Nothing of it reaches the tools.
    down(event) {
        if (event.pointerType === "touch") this.touches.set(event.pointerId, [event.clientX, event.clientY]);
        if (this.touches.size === 2) {
            this.app.stage.drop();
            this.panning = null;
        } else if (event.button === 1 || (this.held && event.button === 0)) {
            this.panning = { x: event.clientX, y: event.clientY, moved: false };
            this.stage.setPointerCapture(event.pointerId);
        } else if (this.touches.size < 2) {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
    }

    move(event) {
        if (this.touches.size === 2 && this.touches.has(event.pointerId)) {
            const [a0, b0] = [...this.touches.values()];
            this.touches.set(event.pointerId, [event.clientX, event.clientY]);
            const [a1, b1] = [...this.touches.values()];
            const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
            const apart = (a, b) => Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 1);
            const [m0, m1] = [middle(a0, b0), middle(a1, b1)];
            this.pan(m1[0] - m0[0], m1[1] - m0[1]);
            this.zoom(apart(a1, b1) / apart(a0, b0), ...m1);
        } else if (this.panning) {
            this.pan(event.clientX - this.panning.x, event.clientY - this.panning.y);
            this.panning = { x: event.clientX, y: event.clientY, moved: true };
            this.dragged = true;
        } else {
            return;
        }
        event.stopPropagation();
    }

    up(event) {
        const pinched = this.touches.size === 2;
        this.touches.delete(event.pointerId);
        if (!this.panning && !pinched) return;
        this.panning = null;
        event.stopPropagation();
    }
}
