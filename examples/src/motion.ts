/** A grey picture, one byte a pixel. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A rectangle in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const CELL = 8;
const THRESHOLD = 24; // grey levels; the noise of scene() stays below
const MIN_PIXELS = CELL / 2; // changed pixels that make a cell count as moving

/** Boxes around what differs between two pictures of the same size: cells of 8 x 8 pixels that changed, joined to their neighbours. */
export function findMotion(frame: Frame, previous: Frame): Box[] {
  const columns = Math.floor(frame.width / CELL);
  const rows = Math.floor(frame.height / CELL);
  const moving = new Uint8Array(columns * rows);
  for (let cell = 0; cell < moving.length; cell++) {
    const left = (cell % columns) * CELL;
    const top = Math.floor(cell / columns) * CELL;
    let changed = 0;
    for (let y = top; y < top + CELL; y++) {
      for (let at = y * frame.width + left, end = at + CELL; at < end; at++) {
        if (Math.abs(frame.pixels[at]! - previous.pixels[at]!) > THRESHOLD) changed++;
      }
    }
    moving[cell] = changed >= MIN_PIXELS ? 1 : 0;
  }
  const boxes: Box[] = [];
  for (let cell = 0; cell < moving.length; cell++) {
    if (moving[cell] === 1) boxes.push(takeRegion(moving, columns, cell));
  }
  return boxes;
}

/** The box of all moving cells that hang together with `start`; they are taken out of `moving`. */
function takeRegion(moving: Uint8Array, columns: number, start: number): Box {
  const waiting = [start];
  moving[start] = 0;
  let [left, right, top, bottom] = [Infinity, 0, Infinity, 0];
  for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
    const x = cell % columns;
    const y = Math.floor(cell / columns);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    const neighbours = [x > 0 ? cell - 1 : -1, x < columns - 1 ? cell + 1 : -1, cell - columns, cell + columns];
    for (const next of neighbours) {
      if (moving[next] !== 1) continue;
      moving[next] = 0;
      waiting.push(next);
    }
  }
  return { x: left * CELL, y: top * CELL, width: (right - left + 1) * CELL, height: (bottom - top + 1) * CELL };
}

/** Picture `index` of an endless scene: bright squares that move over a noisy ground. The same index gives the same picture. */
export function scene(index: number, options: { readonly width: number; readonly height: number; readonly squares: number }): Frame {
  const { width, height, squares } = options;
  const pixels = new Uint8Array(width * height);
  let seed = index + 1;
  for (let at = 0; at < pixels.length; at++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0; // the generator of Numerical Recipes
    pixels[at] = 60 + (seed >>> 29); // 60 to 67
  }
  for (let square = 0; square < squares; square++) {
    const x = (index * (3 + square) + square * 41) % (width - CELL);
    const y = (square * Math.floor(height / squares) + 4) % (height - CELL);
    for (let row = y; row < y + CELL; row++) pixels.fill(220, row * width + x, row * width + x + CELL);
  }
  return { width, height, pixels };
}
