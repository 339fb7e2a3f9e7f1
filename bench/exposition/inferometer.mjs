import { Registry } from "../../packages/metrics/bundle/index.js";
import { FAMILIES, familyName, modelNames, streamNames } from "../data.mjs";

/** `series` counters in ten families; see prom-client.mjs. */
export async function service(series) {
  const seriesLimit = series + 100;
  const metrics = new Registry({ seriesLimit, lint: "off" });
  const streams = streamNames(series / FAMILIES);
  const counters = Array.from({ length: FAMILIES }, (_, k) =>
    metrics.counter(familyName(k), { help: "Frames seen.", labels: ["model", "stream"], seriesLimit }),
  );
  let image;
  return {
    add(k, by) {
      counters[k % FAMILIES].inc({ model: modelNames[((k / FAMILIES) | 0) % 10], stream: streams[(k / (FAMILIES * 10)) | 0] }, by);
    },
    async body() {
      if (image === undefined) {
        const { TextImage } = await import("../../packages/metrics/bundle/formats/index.js");
        image = new TextImage({ format: "prometheus" });
      }
      for (const _ of image.update(metrics.snapshot()));
      return [...image.chunks()];
    },
    async listen(worker) {
      const { serve } = await import("../../packages/metrics/bundle/exporter/index.js");
      return (await serve({ registry: metrics, port: 0, ...(worker ? { worker } : {}) })).port;
    },
  };
}
