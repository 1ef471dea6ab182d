// What the canvas leaves to be wished. Called at every run of the page with the canvas's key.

// It waits 0.2 s after a stroke, in case another follows, before it sends the drawing. Its own
// button sends at once: press that when the pen is lifted.

let drawing = null;

function lowerPen(event) {
  const surface = event.composedPath().find(node => node.classList?.contains("upper-canvas"));
  drawing = surface?.getRootNode() ?? null;
}

function liftPen() {
  const button = drawing?.querySelector("[aria-label^='Update the app']");
  drawing = null;
  // Later, or the canvas has not taken in the stroke yet.
  setTimeout(() => button?.click());
}

const LISTENERS = {mousedown: lowerPen, touchstart: lowerPen, mouseup: liftPen, touchend: liftPen};

// Its toolbar, unseen until the mouse comes, lies over a corner of the drawing and swallows the
// strokes that begin there. Its place is beside the canvas.

const TOOLBAR = `
  .dc-toolbar { top: 2.25rem; right: auto; left: calc(100% - 2px); }
  .dc-toolbar-card { flex-direction: column; }
  .dc-root:not(:hover) > .dc-toolbar { pointer-events: none; }
`;

function placeToolbar(key, parent) {
  const inside = [...document.querySelectorAll(`.st-key-${key} *`)].map(node => node.shadowRoot);
  const shadow = inside.find(root => root?.querySelector(".dc-toolbar"));
  if (shadow && !shadow.querySelector(".digitlib")) {
    const style = document.createElement("style");
    style.className = "digitlib";
    style.textContent = TOOLBAR;
    shadow.append(style);
  } else if (!shadow && parent.isConnected) {
    setTimeout(() => placeToolbar(key, parent), 50); // the canvas is not there yet
  }
}

export default function ({data, parentElement}) {
  placeToolbar(data, parentElement);
  // The same listener is never added twice.
  for (const [name, listener] of Object.entries(LISTENERS)) {
    addEventListener(name, listener, {passive: true});
  }
  return () => {
    for (const [name, listener] of Object.entries(LISTENERS)) removeEventListener(name, listener);
  };
}
