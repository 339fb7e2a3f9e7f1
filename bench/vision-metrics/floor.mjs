// The same loop without a call: what "metrics off" is held against.
import { MASK } from "../data.mjs";
import { frameData, frameWork } from "./frames.mjs";

export function cases() {
  return {
    "a frame, metrics off"() {
      const { frames, seconds } = frameData();
      let sum = 0;
      return {
        run(n) {
          for (let i = 0; i < n; i++) sum += frameWork(frames[i & MASK], seconds[i & MASK], i);
          return sum < 0 ? sum : undefined;
        },
      };
    },
  };
}
