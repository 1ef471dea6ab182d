// The canvas waits 0.2 s after a stroke, in case another follows, before it sends the drawing. Its
// own button sends at once: press that when the pen is lifted.

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

// Called at every run of the page; the same listener is never added twice.
export default function () {
  for (const [name, listener] of Object.entries(LISTENERS)) {
    addEventListener(name, listener, {passive: true});
  }
  return () => {
    for (const [name, listener] of Object.entries(LISTENERS)) removeEventListener(name, listener);
  };
}
