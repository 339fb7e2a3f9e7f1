import assert from "node:assert/strict";
import test from "node:test";
import { BackgroundSubtractor, MASK_BACKGROUND, MASK_FOREGROUND, MASK_SHADOW } from "./background-subtractor.ts";
import { loadOpenCv, masksByOpenCv, packed, unpacked } from "./opencv.test-kit.ts";
import { streetPicture } from "./picture.test-kit.ts";

const size = { width: 96, height: 64 };
const pixels = size.width * size.height;
const wanted = [1, 20, 60, 119];
const street = (channels: 1 | 3): Uint8Array[] => Array.from({ length: 120 }, (_, frame) => streetPicture(frame, { ...size, channels }));

// The masks of frames 1, 20, 60 and 119 by OpenCV 4.12.0's BackgroundSubtractorMOG2(500, 16, true); see the last test.
const GOLDEN = {
  1: [
    "H4sIAAAAAAACA+1c2W7DMAzTn/PTORTYim5dUts6LCXyU5HaNEUdidWgIgKZGHjMPl6Bqcvju55/g5WVmwYMZ+k5ILdYJTxqRBtWwEUFSucJmCDi2mHt6hwci4MtUkJxrZ",
    "774ccNW5Z+QEJcZJtG0FB2QDZZFwgy8DQDl72RT8sabDC8Ewz5QGkkbIMUm/wBo82g5gVDK2GgGsJyAe6ASEBMfz+CZ3CILT3tOiwgwGA+vKPC41ay42b5XvCmHiWRw3qj",
    "3g+SPQQ+cTDuQhiWmMAzFyqlEUb3QgRrp7YMQoMHa1Ter9GMEqUHL6sdJzjvV4FZHX24nh+xqaTCpInAVI4xJnC1osg2xYMKOVwGFjcI4l8UH3SNqGP+zOZfKvE5aSQi/G",
    "sa/5yMT+o3MdaH0fml0Z8DF1/469RmyfpGZ3xpfE124zc+W/9vXeD8s3s4PvPxv21XhmEisR3R42bpyCLWsZ3XKWY5n4ls7Hjsal+SE9do8e8n1lGUdSOmc3Ujq5/hRH4Q",
    "X7LiS3F8Nr6cvc7S+tSIT3b8d/2ZwGdO/sCj6/rSdz3A5zI+hvClCv57fNJwG6/+/TQ+56Z48xc3fAasSP1szsTchjgwEZcoIQfTk7lMZhHvpDoZM4gkL6pfnjJ8n1YX72",
    "fy5aL17jTTmsjaJvCqgUV3YgYv1tbJPoy1Qf4571scEs/wVcT1+Br+0IiERf4rf1nopQ8ONwjR3ywBmJ+/Eh/F+esMqelfZuYPI3w445vUOB/8Z5sXenycwSM//x34rwp5",
    "9MMhzvgT/LmEL67873hmZn5Utreu3jth+7HrmHJ8ASM+Zu8AYAAA",
  ].join(""),
  3: [
    "H4sIAAAAAAACA+1a2ZLDIAzjz/Xp2ulMp7vbXGAsMIn91CFBlk+OtJSC8i3bkd9HOH2OpuFquVAIy8xugUklOg32ZY6BWsVuN72POLRhnAihTRDFZGpy1EYCZq1QuXCJAr",
    "WzxdccHCNhipdQOwa5rwbGDwFSQ+EpTFp0rVlVPx+aXUktACaF9n/CokkFJqVz+F6AYeB1OzUoTMI4l2y33JgUDzgpQzcvtBzpTJR9fIyxOe9iPgKUPbrx4TMXIvOtOYua",
    "bbDrYQVdew6oG07gxRInDa9pK+l41HNrunYkmI890AQUNWSw3TBiTlrVnbkgzn0MLx+PxQJye01LDQYnSyOV7RjdKLGk8La+YwPn+V5g1EAfzuclNjupMGghMFRgnAncrS",
    "kyTVFQAavbgE2B1lgm/mnEjvEZLb7sxKfFSHV8XfOfjfzZr8TZP1zJ/6wZ/PTPTm9zyf4zvb4ejM9mfKb/30UL8Wf34fj0VpAb9iGGc4CmvB5LuU8WcBHrmMHLEvN8n4Fs",
    "zHzMbr8kJ9po8fsX1/Eo182YrNWZtN4iIs86/BIVvyyOz8QvF19O0j8L4DP9k/1nNy/28RmUP163un/uXQ/wrerwFhX/DX4Zjk+NHl9pxWfbKy9kMX8RPgfMCL03Z2BuVR",
    "wYiMsoR1aWJ2OZzEWiE+pkzEEkeVP/xWnDz7nq4vNMvl22Pp1mWBO5tgm8a2JRTszhj7XrVB/rrkF27hM8TDzD94hSB34P/65bCxr5mx6J/EMxvmN8GTB/BuJzcf6dXXvJ",
    "+DIyfzrhU4zvEgUNPj7Sj7/3lxhPfDX/ufia7wUoYvwG/jThFyn/J56ZGR+VGa27350w45h9rFN+ABz1LDEAYAAA",
  ].join(""),
} as const;

function ourMasks(channels: 1 | 3): Uint8Array {
  const background = new BackgroundSubtractor(size.width, size.height, { channels, shadows: true });
  const all = new Uint8Array(wanted.length * pixels);
  const mask = new Uint8Array(pixels);
  street(channels).forEach((picture, frame) => {
    background.apply(picture, mask);
    if (wanted.includes(frame)) all.set(mask, wanted.indexOf(frame) * pixels);
  });
  return all;
}

const different = (a: Uint8Array, b: Uint8Array): number => a.reduce((count, value, at) => count + (value === b[at] ? 0 : 1), 0);

for (const channels of [1, 3] as const) {
  test(`masks of ${channels === 1 ? "grey" : "coloured"} pictures are those of OpenCV, but for 1 pixel in 10 000`, () => {
    const golden = unpacked(GOLDEN[channels]);
    const values = new Set(golden);
    assert.deepEqual([...values].sort(), [MASK_BACKGROUND, MASK_SHADOW, MASK_FOREGROUND].sort(), "the golden masks hold all three kinds");
    const wrong = different(ourMasks(channels), golden);
    assert.ok(wrong <= golden.length / 10_000, `${wrong} of ${golden.length} pixels differ`);
  });
}

/** As where there is no WebAssembly, or none with vectors. */
function withoutVectors<T>(work: () => T): T {
  const kept = Reflect.get(globalThis, "WebAssembly");
  Reflect.deleteProperty(globalThis, "WebAssembly");
  try {
    return work();
  } finally {
    Reflect.set(globalThis, "WebAssembly", kept);
  }
}

for (const channels of [1, 3] as const) {
  test(`the masks of ${channels === 1 ? "grey" : "coloured"} pictures are the same without vectors`, () => {
    const golden = unpacked(GOLDEN[channels]);
    const plain = withoutVectors(() => ourMasks(channels));
    assert.ok(different(plain, golden) <= golden.length / 10_000);
    assert.ok(different(plain, ourMasks(channels)) <= golden.length / 10_000);
  });

  test(`no pixel of ${channels === 1 ? "grey" : "coloured"} pictures is left out, whatever the size`, () => {
    for (const width of [1, 2, 3, 4, 5, 7, 33]) {
      const make = (): BackgroundSubtractor => new BackgroundSubtractor(width, 3, { channels });
      const [vectors, plain] = [make(), withoutVectors(make)];
      for (let frame = 0; frame < 40; frame++) {
        // A few levels that come and go, so that pixels have several modes; the last frame is new everywhere.
        const picture = Uint8Array.from({ length: width * 3 * channels }, (_, at) => (frame === 39 ? 250 : 40 + 60 * ((frame * (at + 3)) % 3)));
        const masks = [new Uint8Array(width * 3 + 1).fill(9), new Uint8Array(width * 3 + 1).fill(9)] as const;
        vectors.apply(picture, masks[0]);
        plain.apply(picture, masks[1]);
        assert.deepEqual(masks[0], masks[1], `frame ${frame}, ${width} pixels wide`);
        assert.equal(masks[0].at(-1), 9, "written beyond the mask");
        if (frame === 39) assert.ok(masks[0].subarray(0, -1).every((value) => value === MASK_FOREGROUND));
      }
    }
  });
}

/** Shows the same grey level everywhere for some frames and returns the mask value of the last. */
function show(background: BackgroundSubtractor, level: number, frames: number): number {
  const mask = new Uint8Array(64);
  for (let frame = 0; frame < frames; frame++) background.apply(new Uint8Array(64).fill(level), mask);
  assert.equal(new Set(mask).size, 1);
  return mask[0]!;
}

test("what was always there is background, what is new is foreground, and what stays becomes background", () => {
  const background = new BackgroundSubtractor(8, 8);
  assert.equal(show(background, 100, 1), MASK_FOREGROUND, "nothing is known at first");
  assert.equal(show(background, 100, 1), MASK_BACKGROUND);
  assert.equal(show(background, 104, 300), MASK_BACKGROUND, "a little change is noise");
  assert.equal(show(background, 200, 1), MASK_FOREGROUND);
  assert.equal(show(background, 200, 40), MASK_FOREGROUND);
  assert.equal(show(background, 200, 40), MASK_BACKGROUND);
  assert.equal(show(background, 104, 1), MASK_BACKGROUND, "the old background is not forgotten");
});

test("with slower foreground learning, what stops stays foreground for longer", () => {
  const background = new BackgroundSubtractor(8, 8, { foregroundLearning: 0.2 });
  show(background, 100, 300);
  assert.equal(show(background, 200, 150), MASK_FOREGROUND);
  assert.equal(show(background, 200, 250), MASK_BACKGROUND);
});

test("what is darker than the ground is a shadow, if shadows are wanted", () => {
  for (const shadows of [true, false]) {
    const background = new BackgroundSubtractor(8, 8, { shadows });
    show(background, 160, 100);
    assert.equal(show(background, 100, 1), shadows ? MASK_SHADOW : MASK_FOREGROUND);
    assert.equal(show(background, 60, 1), MASK_FOREGROUND, "too dark for a shadow");
  }
});

test("sizes and options that make no sense are refused, and so are buffers that are too small", () => {
  assert.throws(() => new BackgroundSubtractor(0, 8), /width is 0\. Give a number above 0/);
  assert.throws(() => new BackgroundSubtractor(8, 8, { history: Number.NaN }), /history is NaN/);
  const background = new BackgroundSubtractor(8, 8, { channels: 3 });
  assert.throws(() => background.apply(new Uint8Array(64), new Uint8Array(64)), /64 and 64 bytes; 192 and 64 are needed/);
});

test("OpenCV itself still makes the masks that this test remembers", async (t) => {
  const found = await loadOpenCv();
  if (found === undefined) return t.skip("@techstark/opencv-js is not installed");
  for (const channels of [1, 3] as const) {
    const masks = masksByOpenCv(found.cv, { pictures: street(channels), wanted, ...size, channels });
    if (process.env["PRINT_GOLDEN"] !== undefined)
      console.log(channels, packed(masks)); // to renew GOLDEN after a change of the street
    else assert.deepEqual(Uint8Array.from(Buffer.concat(masks)), Uint8Array.from(unpacked(GOLDEN[channels])));
  }
});
