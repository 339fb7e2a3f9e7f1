import assert from "node:assert/strict";
import test from "node:test";
import { BoxFilter } from "./box-filter.ts";

const moving = (frame: number) => ({ x: 100 + 4 * frame, y: 50 - frame, width: 40, height: 100 });

test("learns how fast a box moves and where it will be", () => {
  const filter = new BoxFilter(moving(0));
  for (let frame = 1; frame <= 30; frame++) {
    filter.predict(1, { seen: true });
    filter.update(moving(frame));
  }
  assert.ok(Math.abs(filter.velocity.x - 120) < 2 && Math.abs(filter.velocity.y + 30) < 2, JSON.stringify(filter.velocity));
  for (let frame = 31; frame <= 40; frame++) filter.predict(1, { seen: false });
  const { box } = filter;
  assert.ok(Math.abs(box.x - moving(40).x) < 3 && Math.abs(box.y - moving(40).y) < 3, JSON.stringify(box));
  assert.ok(Math.abs(box.width - 40) < 0.1 && Math.abs(box.height - 100) < 0.1);
});

test("a long step goes as far as many short ones", () => {
  const make = (): BoxFilter => {
    const filter = new BoxFilter(moving(0));
    for (let frame = 1; frame <= 20; frame++) {
      filter.predict(1, { seen: true });
      filter.update(moving(frame));
    }
    return filter;
  };
  const [once, often] = [make(), make()];
  once.predict(6, { seen: true });
  for (let step = 0; step < 6; step++) often.predict(1, { seen: true });
  assert.ok(Math.abs(once.box.x - often.box.x) < 1e-9);
});

test("follows a box that grows while it comes in over the edge", () => {
  const entering = (frame: number) => ({ x: 0, y: 50, width: 3 * frame, height: 90 });
  const filter = new BoxFilter(entering(1));
  for (let frame = 2; frame <= 12; frame++) {
    filter.predict(1, { seen: true });
    filter.update(entering(frame));
  }
  assert.ok(Math.abs(filter.box.width - 36) < 4, `${filter.box.width}`);
});

test("smooths what jitters", () => {
  const filter = new BoxFilter(moving(0));
  let [raw, smooth] = [0, 0];
  for (let frame = 1; frame <= 200; frame++) {
    const jitter = frame % 2 === 0 ? 4 : -4;
    filter.predict(1, { seen: true });
    filter.update({ ...moving(frame), x: moving(frame).x + jitter });
    raw += jitter ** 2;
    smooth += (filter.box.x - moving(frame).x) ** 2;
  }
  assert.ok(smooth < raw / 2, `${smooth} of ${raw}`);
});

test("a box never turns inside out, however long it is not seen", () => {
  const filter = new BoxFilter({ x: 0, y: 0, width: 50, height: 50 });
  for (let frame = 1; frame <= 10; frame++) {
    filter.predict(1, { seen: true });
    filter.update({ x: 0, y: 0, width: 50 - 5 * frame, height: 50 - 5 * frame });
  }
  for (let frame = 0; frame < 1000; frame++) filter.predict(1, { seen: true });
  assert.ok(filter.box.width >= 1 && filter.box.height >= 1 && Number.isFinite(filter.box.x));
});
