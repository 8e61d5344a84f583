/**
 * @typedef {object} Gestures
 * @property {(share: number) => void} pan By a share of the width; to the left is into the past.
 * @property {(factor: number, at: number) => void} zoom Below 1 is nearer; `at` is a share of the width.
 * @property {() => void} goLive
 */

const keyPan = 0.2;
const keyZoom = 1.5;
const wheelZoom = 0.002;

/**
 * Drag to pan, pinch or ctrl and wheel to zoom, double click to come nearer.
 *
 * @param {HTMLElement} surface
 * @param {Gestures} gestures
 */
export function followPointer(surface, gestures) {
  /** @type {Map<number, number>} */
  const pointers = new Map();
  const share = (/** @type {number} */ x) => {
    const box = surface.getBoundingClientRect();
    return (x - box.left) / box.width;
  };

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event.clientX);
    surface.dataset.dragging = "";
  });
  surface.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined || before === event.clientX) return;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      gestures.pan(share(before) - share(event.clientX));
    } else {
      const spread = Math.max(20, Math.abs(event.clientX - other));
      gestures.zoom(Math.max(20, Math.abs(before - other)) / spread, share((event.clientX + other) / 2));
    }
    pointers.set(event.pointerId, event.clientX);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    surface.addEventListener(end, (event) => {
      pointers.delete(/** @type {PointerEvent} */ (event).pointerId);
      if (pointers.size === 0) delete surface.dataset.dragging;
    });
  }
  surface.addEventListener("dblclick", (event) => gestures.zoom(0.5, share(event.clientX)));
  surface.addEventListener("wheel", (event) => wheel(event, gestures, share), { passive: false });
}

/**
 * A plain wheel scrolls the page, as everywhere.
 *
 * @param {WheelEvent} event
 * @param {Gestures} gestures
 * @param {(x: number) => number} share
 */
function wheel(event, gestures, share) {
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    gestures.zoom(Math.exp(event.deltaY * wheelZoom), share(event.clientX));
  } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    gestures.pan(event.deltaX / 1_000);
  }
}

/**
 * @param {HTMLElement} element
 * @param {Gestures} gestures
 */
export function followKeys(element, gestures) {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => gestures.pan(-keyPan),
      ArrowRight: () => gestures.pan(keyPan),
      "+": () => gestures.zoom(1 / keyZoom, 0.5),
      "=": () => gestures.zoom(1 / keyZoom, 0.5),
      "-": () => gestures.zoom(keyZoom, 0.5),
      l: gestures.goLive,
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
}
