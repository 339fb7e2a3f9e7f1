// Pictures for tests that must never change: what OpenCV made of them is written down in the tests.

/** A number in [0, 1) from three others, by the finalizer of MurmurHash3. */
export function randomAt(a: number, b: number, c: number): number {
  let h = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca77) ^ Math.imul(c + 1, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** A noisy ground on which the light slowly falls, rain, a bright block that passes and throws a shadow, and a lamp that flickers. */
export function streetPicture(frame: number, { width, height, channels }: { width: number; height: number; channels: 1 | 3 }): Uint8Array {
  const picture = new Uint8Array(width * height * channels);
  const blockX = frame * 0.8 - 20;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inBlock = x >= blockX && x < blockX + 18 && y >= 20 && y < 44;
      const inShadow = !inBlock && x >= blockX - 10 && x < blockX + 8 && y >= 40 && y < 48;
      const inRain = randomAt(x, y, 1000 + frame) < 0.01;
      const inLamp = x > width - 12 && y < 10 && frame % 7 < 2;
      for (let channel = 0; channel < channels; channel++) {
        const ground = (90 + 30 * randomAt(x >> 4, y >> 4, channel)) * (1 - frame * 0.0004) * (inShadow ? 0.7 : 1);
        const light = inBlock ? 190 - channel * 40 : inLamp ? 230 : inRain ? ground + 45 : ground;
        picture[(y * width + x) * channels + channel] = light + 12 * (randomAt(frame, y * width + x, channel) - 0.5);
      }
    }
  }
  return picture;
}

/** A dark figure with head, shoulders, trunk and legs before a brighter ground, 96 pixels tall in the middle: what the people detector looks for. */
export function figurePicture({ width, height }: { width: number; height: number }): Uint8Array {
  const picture = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let inside = 0;
      // Sixteen places in and around the pixel make soft edges, as a lens does.
      for (let at = 0; at < 16; at++) {
        const across = Math.abs(x + 0.5 + ((at % 4) - 1.5) / 2 - width / 2);
        const down = y + 0.5 + (Math.floor(at / 4) - 1.5) / 2 - (height / 2 - 48);
        const head = across ** 2 + (down - 8) ** 2 < 64;
        const trunk = down >= 15 && down < 56 && across < 13 - Math.max(0, 20 - down);
        const legs = down >= 56 && down < 96 && Math.abs(across - (down - 56) * 0.21) < 4.5;
        if (head || trunk || legs) inside++;
      }
      picture[y * width + x] = 150 - (inside * 90) / 16 + 4 * (randomAt(x, y, 7) - 0.5);
    }
  }
  return picture;
}
