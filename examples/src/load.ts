import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { FRAME_SIZE } from "./detection-service.ts";
import { scene } from "./motion.ts";

const FRAME_MS = 100; // 10 frames a second and camera

/**
 * Cameras that post their pictures to `url` until the signal is given. Every fortieth picture is cut short, and every twentieth comes as a burst
 * of twelve, more than the service takes at once: so there are failures and drops to be seen.
 */
export async function load(url: string, options: { readonly cameras: readonly string[]; readonly signal: AbortSignal }): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  await Promise.all(options.cameras.map((camera, k) => film(`${url}?camera=${camera}`, { squares: k + 1, agent, signal: options.signal })));
  agent.destroy();
}

async function film(url: string, options: { readonly squares: number; readonly agent: Agent; readonly signal: AbortSignal }): Promise<void> {
  const { squares, agent, signal } = options;
  for (let index = 1; !signal.aborted; index++) {
    const { pixels } = scene(index, { ...FRAME_SIZE, squares });
    const picture = index % 40 === 0 ? pixels.subarray(0, 1000) : pixels;
    const copies = index % 20 === 10 ? 12 : 1;
    await Promise.all(Array.from({ length: copies }, () => post(url, { picture, agent })));
    await pause(FRAME_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The answer does not matter here, nor that the service may be gone. */
function post(url: string, { picture, agent }: { readonly picture: Uint8Array; readonly agent: Agent }): Promise<void> {
  return new Promise((resolve) => {
    const call = request(url, { method: "POST", agent, headers: { "X-Trace-Id": randomUUID() } }, (response) => {
      response.resume().on("close", resolve);
    });
    call.on("error", () => resolve());
    call.end(picture);
  });
}
