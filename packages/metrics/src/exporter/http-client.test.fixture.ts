import assert from "node:assert/strict";
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";

/** What the tests of the server see of an answer. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** One request as a plain client makes it: no redirects, no decompression, no connection kept unless an agent is given. */
export function get(url: string, options: RequestOptions & { readonly body?: string } = {}): Promise<Got> {
  const { promise, resolve, reject } = withResolvers<Got>();
  const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, { agent: false, ...options }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const body = Buffer.concat(chunks);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() });
    });
  });
  request.on("error", reject);
  request.end(options.body);
  return promise;
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
export async function raw(port: number, sent: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(sent);
  let received = "";
  socket.setEncoding("latin1");
  socket.on("error", () => {}); // a reset is an end, too
  socket.on("data", (text) => {
    received += text;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return received;
}

/** Waits until something holds; fails after five seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `waited five seconds for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Promise.withResolvers, which Node 20 has not. */
export function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let [resolve, reject]: [(value: T) => void, (error: Error) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}
