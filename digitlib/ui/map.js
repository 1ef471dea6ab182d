// The test digits as points in a plane: point at one to see it, drag over some to choose them.

const NEAR = {mouse: 10, touch: 24}; // pixels from a point that still mean it
const DRAG = 5; // pixels that a press may move and still be a click

const HINT = matchMedia("(pointer: coarse)").matches
  ? "Tap one to see it; choose an area for a look at all in it." : "Point at one to see it, drag over some to choose them.";

const HTML = `
  <div class="tools">
    <label>Show <select aria-label="Which digits stand out"></select></label>
    <label class="check"><input type="checkbox"> only what is misread</label>
    <button type="button" class="area" aria-pressed="false">Choose an area</button>
    <button type="button" class="send">Show these digits</button>
    <button type="button" class="clear">Clear</button>
  </div>
  <div class="plane">
    <canvas class="points" role="img"></canvas><canvas class="marks"></canvas>
    <div class="tip" hidden><canvas width="28" height="28"></canvas><span></span></div>
  </div>
  <p class="words" role="status"></p>`;

function unpack(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  return Float32Array.from(new Uint16Array(bytes.buffer), number => number / 65535);
}

class DigitMap {
  constructor(data, parent) {
    this.data = data;
    this.places = unpack(data.places); // x, y of each digit, 0 to 1, all zeros first
    this.count = this.places.length / 2;
    this.truth = data.counts.flatMap((count, digit) => Array(count).fill(digit));
    this.misread = new Map(data.misread);
    this.sheets = new Map();
    this.box = null;
    this.tipped = -1;
    this.root = document.createElement("div");
    this.root.className = "map";
    this.root.innerHTML = HTML;
    const find = name => this.root.querySelector(name);
    [this.points, this.marks, this.tip] = [".points", ".marks", ".tip"].map(find);
    [this.select, this.check, this.words] = ["select", "input", ".words"].map(find);
    [this.area, this.sender, this.clearer] = [".area", ".send", ".clear"].map(find);
    this.points.setAttribute("aria-label", data.description);
    this.select.append(new Option("all digits", ""), ...data.counts.map((_, d) => new Option(d)));
    this.select.onchange = this.check.onchange = () => this.update();
    this.area.onclick = () => this.setAreaMode(this.area.ariaPressed !== "true");
    this.sender.onclick = () => this.send();
    this.clearer.onclick = () => this.clear();
    this.listen(find(".plane"));
    parent.append(this.root);
    new ResizeObserver(() => this.draw()).observe(this.points);
    this.update();
  }

  stands(place) {
    const digit = this.select.value;
    return (digit === "" || this.truth[place] === Number(digit))
      && (!this.check.checked || this.misread.has(place));
  }

  isInside(place, [left, top, right, bottom]) {
    const [x, y] = [this.places[2 * place], this.places[2 * place + 1]];
    return left <= x && x <= right && top <= y && y <= bottom;
  }

  // ---- what is drawn

  update() {
    const narrowed = this.select.value !== "" || this.check.checked;
    this.sender.hidden = !narrowed;
    this.clearer.hidden = !narrowed && !this.box;
    let [shown, inside] = [0, 0];
    for (let place = 0; place < this.count; place++) {
      if (!this.stands(place)) continue;
      shown++;
      if (this.box && this.isInside(place, this.box)) inside++;
    }
    const number = count => count.toLocaleString("en");
    this.words.textContent = this.box
      ? `${number(inside)} of ${number(shown)} digits chosen.`
      : `${number(shown)} digits. Ringed: misread. ${HINT}`;
    this.draw();
  }

  draw() {
    const side = this.points.clientWidth;
    if (!side) return;
    const sharp = window.devicePixelRatio || 1;
    for (const canvas of [this.points, this.marks]) {
      canvas.width = canvas.height = Math.round(side * sharp);
      canvas.getContext("2d").scale(sharp, sharp);
    }
    this.margin = 10;
    this.span = side - 2 * this.margin;
    const pen = this.points.getContext("2d");
    const style = getComputedStyle(this.root);
    const size = side < 450 ? 1.3 : 1.8;
    let place = 0;
    this.data.counts.forEach((count, digit) => {
      const [strong, faint] = [new Path2D(), new Path2D()];
      for (const end = place + count; place < end; place++) {
        const [x, y] = this.locate(place);
        const path = this.stands(place) ? strong : faint;
        path.moveTo(x + size, y);
        path.arc(x, y, size, 0, 7);
      }
      pen.fillStyle = this.data.colours[digit];
      pen.globalAlpha = 0.08;
      pen.fill(faint);
      pen.globalAlpha = 0.75;
      pen.fill(strong);
    });
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    for (const place of this.misread.keys()) {
      if (!this.stands(place)) continue;
      pen.fillStyle = this.data.colours[this.truth[place]];
      pen.strokeStyle = style.getPropertyValue("--wrong");
      this.drawDisc(pen, place, size + 0.7);
      pen.fill();
      this.drawDisc(pen, place, size + 2.5);
      pen.stroke();
    }
    pen.font = `700 ${side < 450 ? 18 : 24}px ${style.fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 5;
    pen.lineJoin = "round";
    this.data.middles.forEach((middle, digit) => {
      if (this.select.value !== "" && Number(this.select.value) !== digit) return;
      const at = this.scale(...middle);
      pen.strokeStyle = style.getPropertyValue("--st-background-color");
      pen.strokeText(digit, ...at);
      pen.fillStyle = style.color;
      pen.fillText(digit, ...at);
    });
    this.drawMarks();
  }

  drawMarks() {
    const pen = this.marks.getContext("2d");
    const style = getComputedStyle(this.root);
    pen.clearRect(0, 0, this.marks.width, this.marks.height);
    pen.strokeStyle = style.color;
    pen.lineWidth = 1.5;
    if (this.box) {
      const [left, top] = this.scale(this.box[0], this.box[1]);
      const [right, bottom] = this.scale(this.box[2], this.box[3]);
      pen.globalAlpha = 0.08;
      pen.fillStyle = style.color;
      pen.fillRect(left, top, right - left, bottom - top);
      pen.globalAlpha = 1;
      pen.strokeRect(left, top, right - left, bottom - top);
    }
    if (this.tipped >= 0) {
      this.drawDisc(pen, this.tipped, 6);
      pen.stroke();
    }
  }

  drawDisc(pen, place, size) {
    pen.beginPath();
    pen.arc(...this.locate(place), size, 0, 7);
  }

  scale(x, y) { return [this.margin + x * this.span, this.margin + y * this.span]; }

  locate(place) { return this.scale(this.places[2 * place], this.places[2 * place + 1]); }

  // ---- what a finger or a mouse does

  listen(plane) {
    let start = null;
    const at = event => {
      const frame = this.points.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };
    const drags = event => event.pointerType === "mouse" || this.area.ariaPressed === "true";
    plane.onpointerdown = event => {
      if (event.button !== 0) return;
      start = at(event);
      if (drags(event)) plane.setPointerCapture(event.pointerId);
    };
    plane.onpointermove = event => {
      const now = at(event);
      const far = start && Math.hypot(now[0] - start[0], now[1] - start[1]) > DRAG;
      if (far && drags(event)) {
        this.showTip(-1);
        this.box = this.spanBetween(start, now);
        this.drawMarks();
        plane.classList.add("dragging");
      } else if (event.pointerType === "mouse" && !start) {
        this.showTip(this.findNearest(now, NEAR.mouse));
      }
    };
    plane.onpointerup = event => {
      if (plane.classList.contains("dragging")) {
        this.setAreaMode(false);
        this.update();
        this.send();
      } else if (start) {
        this.showTip(this.findNearest(at(event), NEAR[event.pointerType] ?? NEAR.touch));
      }
      plane.classList.remove("dragging");
      start = null;
    };
    plane.onpointercancel = () => {
      plane.classList.remove("dragging");
      start = null;
    };
    plane.onpointerleave = event => { if (event.pointerType === "mouse") this.showTip(-1); };
    this.root.onkeydown = event => { if (event.key === "Escape") this.clear(); };
  }

  spanBetween(one, other) {
    const [a, b] = [one, other].map(point => point.map(
      pixels => Math.min(1, Math.max(0, (pixels - this.margin) / this.span))));
    return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
  }

  // Of those about as near, one that is misread: it is drawn above the others.
  findNearest([x, y], reach) {
    let [best, least] = [-1, reach];
    for (let place = 0; place < this.count; place++) {
      if (!this.stands(place)) continue;
      const [left, top] = this.locate(place);
      const far = Math.hypot(left - x, top - y) - (this.misread.has(place) ? 3 : 0);
      if (far < least) [best, least] = [place, far];
    }
    return best;
  }

  setAreaMode(on) {
    this.area.ariaPressed = String(on);
    this.root.classList.toggle("choosing", on);
  }

  clear() {
    const told = this.told;
    this.box = null;
    this.select.value = "";
    this.check.checked = false;
    this.setAreaMode(false);
    this.update();
    if (told) this.tell(null);
  }

  send() {
    const digit = this.select.value === "" ? null : Number(this.select.value);
    this.tell({box: this.box, digit, misread: this.check.checked});
  }

  // ---- what leaves: to the page

  tell(choice) {
    this.told = choice !== null;
    this.setStateValue("choice", choice);
  }

  // ---- the picture of a digit

  showTip(place) {
    if (place === this.tipped) return;
    this.tipped = place;
    this.tip.hidden = place < 0;
    this.drawMarks();
    if (place < 0) return;
    const [x, y] = this.locate(place);
    const side = this.points.clientWidth;
    this.tip.style.left = `${Math.min(Math.max(x, 56), side - 56)}px`;
    this.tip.style.top = `${y}px`;
    this.tip.classList.toggle("below", y < 140);
    const answer = this.misread.get(place);
    const [picture, words] = this.tip.children;
    const truth = this.truth[place];
    const named = `${truth === 8 ? "an" : "a"} ${truth}`;
    words.textContent = answer === undefined ? named : `✗ ${named}, read as ${answer}`;
    words.className = answer === undefined ? "" : "wrong";
    picture.hidden = true;
    const {perSheet, perRow, address} = this.data.sheets;
    const within = place % perSheet;
    this.fetchSheet(address, Math.floor(place / perSheet)).then(sheet => {
      if (this.tipped !== place) return;
      const [left, top] = [28 * (within % perRow), 28 * Math.floor(within / perRow)];
      picture.getContext("2d").drawImage(sheet, left, top, 28, 28, 0, 0, 28, 28);
      picture.hidden = false;
    }).catch(() => this.sheets.delete(Math.floor(place / perSheet))); // the words stay; again later
  }

  fetchSheet(address, number) {
    if (!this.sheets.has(number)) {
      const sheet = new Image();
      sheet.src = `${address}${String(number).padStart(2, "0")}.png`;
      this.sheets.set(number, sheet.decode().then(() => sheet));
    }
    return this.sheets.get(number);
  }
}

const maps = new WeakMap();

export default function ({data, parentElement, setStateValue}) {
  let map = maps.get(parentElement);
  if (map?.data.name !== data.name || !map.root.isConnected) {
    map?.root.remove();
    map = new DigitMap(data, parentElement);
    maps.set(parentElement, map);
  }
  map.setStateValue = setStateValue;
  map.data = data; // the colours are those of the theme
  map.draw();
}
