import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** The answer to GET /metrics as chunks; any status but 200 throws. */
export function scrape(port, path = "/metrics") {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        response.statusCode === 200 ? resolve(chunks) : reject(new Error(`status ${response.statusCode}: ${Buffer.concat(chunks)}`)),
      );
    });
    request.on("error", reject);
  });
}

export { pause };
