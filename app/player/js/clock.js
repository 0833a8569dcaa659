// One clock: the <video> element plays picture and sound, and tells which frame it really shows. Frames are indices into
// the table of times that the server made; while the video cannot be played, frames come as pictures.

const REPORT = 80;  // ms within which a frame that is shown is reported

export class Clock extends EventTarget {
    constructor(video, still) {
        super();
        this.video = video;
        this.still = still;
        this.pts = [];
        this.index = 0;
        this.wanted = null;
        this.ready = false;
        this.generation = 0;
        this.loop = false;
        this.range = null;  // [first, last] frame of what is looped; null = the clip
        const relay = (name) => video.addEventListener(name, () => this.say("state"));
        ["play", "pause", "ended", "ratechange", "volumechange"].forEach(relay);
        video.addEventListener("ended", () => this.loop && this.again(true));
        ["seeked", "loadeddata"].forEach((name) => video.addEventListener(name, () => this.arrived()));
        video.addEventListener("error", () => this.ready !== null && this.say("unplayable"));
        const tick = (now, data) => {
            this.shown(data.mediaTime);
            video.requestVideoFrameCallback(tick);
        };
        video.requestVideoFrameCallback(tick);
    }

    // A new clip. `url` null = not playable yet.
    load({ pts, end, first, last }, { video, frames }) {
        this.generation++;
        this.pts = pts;
        this.end = end;
        this.first = first;
        this.last = last;
        this.frames = frames;
        this.index = first;
        this.range = null;
        this.wanted = this.asked = null;
        this.ready = false;
        this.video.pause();
        this.show(first);
        if (video) this.play_from(video, first);
        else {
            this.video.removeAttribute("src");
            this.video.load();
        }
    }

    play_from(url, index) {
        this.wanted = this.asked = index;
        this.video.src = new URL(url, document.baseURI);
        if (index > this.first || this.first > 0) this.video.currentTime = this.middle(index);
    }

    // The frame as a picture from the server, until the video shows frames itself.
    show(index) {
        const generation = this.generation;
        const picture = new Image();
        picture.onload = () => {
            if (this.ready || generation !== this.generation || this.wanted_still !== index) return;
            this.still.src = picture.src;
            this.still.hidden = false;
            this.index = index;
            this.say("frame");
        };
        picture.onerror = () => generation === this.generation && !this.ready && this.say("nopicture");
        this.wanted_still = index;
        picture.src = new URL(this.frames + "/" + index + ".jpg", document.baseURI);
    }

    // The video is where it was sent. Browsers sometimes leave out the report of a frame that was shown while paused;
    // then the frame that covers the place is the one on screen.
    arrived() {
        if (this.video.seeking) return;
        if (this.wanted !== null && this.wanted !== this.asked) return this.go(this.wanted);
        if (!this.video.paused) {
            this.wanted = null;
            return;
        }
        const generation = this.generation;
        const place = this.video.currentTime;
        setTimeout(() => {
            const rests = this.video.paused && !this.video.seeking && this.video.currentTime === place;
            if (!rests || generation !== this.generation || this.video.readyState < 2) return;
            if (!this.ready || this.wanted !== null || this.index !== this.at(place)) this.shown(this.pts[this.at(place)]);
        }, REPORT);
    }

    shown(time) {
        if (!this.pts.length || !this.video.currentSrc) return;
        const index = this.nearest(time);
        if (!this.ready && this.wanted !== null && index !== this.wanted) return;
        this.ready = true;
        if (!this.still.hidden) {
            this.still.hidden = true;
            this.still.removeAttribute("src");  // a decoded picture is as large as the video
        }
        this.index = index;
        if (this.wanted === this.index) this.wanted = null;
        if (!this.video.paused && !this.video.seeking) this.turn();
        this.say("frame");
    }

    // At the end of what is played: stop, or begin again when the last frame has had its time.
    turn() {
        const [first, last] = this.loop ? this.part : [this.first, this.last];
        if (!this.loop && this.index > last) {
            this.video.pause();
            this.seek(last);
        } else if (this.loop && (this.index > last || this.index < first)) {
            this.again();
        } else if (this.loop && this.index === last && last + 1 < this.pts.length) {
            const left = (this.until(last) - this.video.currentTime) / this.video.playbackRate;
            clearTimeout(this.turning);
            this.turning = setTimeout(() => this.loop && this.playing && this.index === this.part[1] && this.again(), left * 1000 - 8);
        }
    }

    again(ended = false) {
        this.go(this.part[0]);
        if (ended) this.video.play().catch(() => {});
    }

    get part() {
        return this.range ?? [this.first, this.last];
    }

    nearest(time) {
        const after = Math.min(Math.max(lower(this.pts, time), 1), this.pts.length - 1);
        if (this.pts.length === 1) return 0;
        return this.pts[after] - time < time - this.pts[after - 1] ? after : after - 1;
    }

    // The frame that covers a time a person chose.
    at(time) {
        const i = lower(this.pts, time);
        return this.clamp(this.pts[i] === time ? i : i - 1);
    }

    clamp(index) {
        return Math.min(Math.max(index, this.first), this.last);
    }

    until(index) {
        return index + 1 < this.pts.length ? this.pts[index + 1] : this.end;
    }

    middle(index) {
        return (this.pts[index] + this.until(index)) / 2;
    }

    get duration() {
        return this.until(this.last) - this.pts[this.first];
    }

    // Seconds from the clip's start.
    time(index = this.index) {
        return this.pts[index] - this.pts[this.first];
    }

    seek(index) {
        index = this.clamp(index);
        this.wanted = index;
        if (!this.ready) this.show(index);
        else if (!this.video.seeking) this.go(index);
    }

    go(index) {
        this.asked = index;
        this.video.currentTime = this.middle(index);
    }

    step(count) {
        this.pause();
        this.seek((this.wanted ?? this.index) + count);
    }

    get playing() {
        return !this.video.paused && !this.video.ended;
    }

    async play() {
        if (!this.ready) return;
        const [first, last] = this.loop ? this.part : [this.first, this.last];
        if (this.index >= last || (this.loop && this.index < first)) this.go(first);
        this.wanted = null;
        await this.video.play().catch(() => {});
    }

    // Stop at the frame that is shown.
    pause() {
        if (!this.playing) return;
        this.video.pause();
        this.seek(this.index);
    }

    toggle() {
        return this.playing ? this.pause() : this.play();
    }

    say(kind) {
        this.dispatchEvent(new Event(kind));
    }
}

// First position whose value is not less than `value`.
function lower(values, value) {
    let low = 0;
    let high = values.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (values[middle] < value) low = middle + 1;
        else high = middle;
    }
    return low;
}
