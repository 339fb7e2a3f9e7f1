import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { secretsRemover, withoutSecrets } from "./secrets.ts";

const ADDRESSES = [
  ["rtsp://cam/1", "rtsp://cam/1"],
  ["rtsp://cam/1@2", "rtsp://cam/1@2"],
  ["rtsp://admin:554/x@cam/1", "rtsp://cam/1"],
  ["rtsp://user:pa?ss@cam/1", "rtsp://cam/1"],
  ["rtsp://[::1]:554/1", "rtsp://[::1]:554/1"],
  ["rtsp://user@cam/1", "rtsp://cam/1"],
  ["rtsp://user:pass@cam:554/1", "rtsp://cam:554/1"],
  ["rtsp://user:p@ss@cam/1", "rtsp://cam/1"],
  ["rtsp://user:pa/ss@cam/1", "rtsp://cam/1"],
  ["http://cam/video.mjpg?user=a&pwd=b#c", "http://cam/video.mjpg"],
  ["/dev/video0", "/dev/video0"],
  ["a@b.mp4", "a@b.mp4"],
] as const;
for (const [address, shown] of ADDRESSES) {
  test(`${address} is shown as ${shown}`, () => assert.equal(withoutSecrets(address), shown));
}

test("what a program says is cleaned of the address, its parts and other addresses", () => {
  const clean = secretsRemover("rtsp://eve:hid%40den@cam/1?token=abc");
  assert.equal(clean("rtsp://eve:hid%40den@cam/1?token=abc: 401"), "rtsp://cam/1: 401");
  assert.equal(clean("wrong password 'hid@den' or hid%40den"), "wrong password '***' or ***");
  assert.equal(clean("moved to http://bob:word@other/x?key=1"), "moved to http://other/x");
});

test("no user, password or query survives, whatever they are made of", () => {
  const word = fc.stringMatching(/^[a-zA-Z0-9!$%^?#_+,;=.@/:-]{6,12}$/);
  fc.assert(
    fc.property(word, word, (password, said) => {
      const address = `rtsp://admin:${password}@10.0.0.1:554/stream`;
      assert.ok(!withoutSecrets(address).includes(password));
      assert.ok(!secretsRemover(address)(`${said} ${address} ${password}`).includes(password));
    }),
    { numRuns: 300 },
  );
});
