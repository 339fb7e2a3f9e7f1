import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { Server as HttpsServer } from "node:https";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { InferometerError } from "../core/errors.ts";
import type { Answer } from "./answer.ts";
import type { BcryptThread } from "./bcrypt-thread.ts";
import { Connections } from "./connections.ts";
import type { Guard } from "./guard.ts";
import { createServer, listen } from "./listen.ts";
import type { SelfMetrics } from "./self-metrics.ts";
import { askedOfNode, sendToNode } from "./send-node.ts";
import type { Site } from "./site.ts";
import type { TlsSettings } from "./tls-settings.ts";
import type { LoadedWebConfig, WebConfigFile } from "./web-config-file.ts";

/** @internal What a server is made of: see serve.ts. */
export interface ServerParts {
  readonly site: Site;
  readonly guard: Guard;
  readonly bcrypt: BcryptThread;
  readonly file: WebConfigFile | undefined;
  readonly loaded: LoadedWebConfig | undefined;
  readonly self: SelfMetrics;
  readonly maxConnections: number;
  readonly closeTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly onError: (error: Error) => void;
}

/** How often the web config's files are looked at. */
const RELOAD_MS = 1000;

/** From this share of the connections on, a new one costs the longest unused one its place: someone who opens many must not lock the scraper out. */
const CROWDED = 0.9;

/** @internal The server behind `serve`. */
export class ExporterServer {
  readonly #parts: ServerParts;
  readonly #server: HttpServer | HttpsServer;
  readonly #sockets: Set<Socket> = new Set();
  readonly #connections: Connections = new Connections();
  /** The settings under which a TLS connection was admitted. */
  readonly #admittedBy: WeakMap<Socket, TlsSettings> = new WeakMap();
  #headers: Readonly<Record<string, string>> = {};
  #tls: TlsSettings | undefined;
  #host = "";
  #port = 0;
  #running = 0;
  #reloadTimer: NodeJS.Timeout | undefined;
  #reloading: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: ServerParts) {
    this.#parts = parts;
    if (parts.loaded !== undefined) this.#configure(parts.loaded);
    this.#server = createServer(this.#tls, (request, response) => void this.#respond(request, response));
    this.#server.maxConnections = parts.maxConnections;
    this.#server.on("connection", (socket: Socket) => this.#admit(socket));
    this.#server.on("drop", () => parts.self.failed("overload"));
    // Before node:https' own listener: a client that is not admitted never gets as far as a request.
    this.#server.prependListener("secureConnection", (socket: TLSSocket) => {
      if (this.#tls?.admits(socket) !== true) {
        socket.destroy();
        return;
      }
      this.#admittedBy.set(socket, this.#tls);
      this.#connections.opened(socket);
    });
  }

  get url(): string {
    const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
    const host = everywhere[this.#host] ?? this.#host;
    return `${this.#tls === undefined ? "http" : "https"}://${isIPv6(host) ? `[${host}]` : host}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** @internal Throws PORT_IN_USE and LISTEN_FAILED. */
  async open(at: { readonly port: number; readonly host: string; readonly unref: boolean }): Promise<void> {
    await listen(this.#server, { port: at.port, host: at.host });
    this.#host = at.host;
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#server.on("error", this.#parts.onError);
    if (at.unref) this.#server.unref();
    if (this.#parts.file !== undefined) this.#reloadTimer = setInterval(() => void this.#reload(), RELOAD_MS).unref();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#reloadTimer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#connections.closeIdle();
    this.#endWhenQuiet();
    const deadline = setTimeout(() => this.#endAll(), this.#parts.closeTimeoutMs);
    await closed;
    clearTimeout(deadline);
    await this.#reloading;
    await this.#parts.bcrypt.close();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#running++;
    this.#connections.began(request.socket);
    const answer = await this.#parts.site.route(askedOfNode(request));
    await sendToNode(response, this.#dressed(answer), this.#parts.sendTimeoutMs);
    this.#running--;
    this.#connections.ended(request.socket);
    // A connection that was made under old rules gets no second answer.
    if (this.#admittedBy.get(request.socket) !== this.#tls) request.socket.destroy();
    if (this.#closing !== undefined) this.#endWhenQuiet();
  }

  #dressed(answer: Answer): Answer {
    const closing = this.#closing === undefined ? {} : { connection: "close" };
    return { ...answer, headers: { ...answer.headers, ...this.#headers, ...closing } };
  }

  #admit(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    if (!(this.#server instanceof HttpsServer)) this.#connections.opened(socket);
    if (this.#sockets.size > this.#parts.maxConnections * CROWDED) this.#connections.closeLongestIdle();
  }

  /** Once no answer is under way, what is left are connections that wait, or that send a request nobody will answer. */
  #endWhenQuiet(): void {
    if (this.#running === 0) this.#endAll();
  }

  #endAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #reload(): Promise<void> {
    this.#reloading ??= this.#reloadIfChanged().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async #reloadIfChanged(): Promise<void> {
    const { file, self, onError } = this.#parts;
    if (file === undefined || !(await file.changed())) return;
    try {
      this.#configure(await file.load());
      self.reloaded("success");
    } catch (error) {
      // What was in force stays in force.
      self.reloaded("error");
      onError(error as Error);
    }
  }

  #configure({ config, tls }: LoadedWebConfig): void {
    const isRunning = this.#server !== undefined;
    if (isRunning && (tls === undefined) !== (this.#tls === undefined)) {
      throw new InferometerError(
        "CONFIG_INVALID",
        "The web config turns TLS on or off, which an open server cannot follow. Restart it; until then the old config is in force.",
      );
    }
    this.#tls = tls;
    this.#headers = config.headers;
    this.#parts.guard.configure(config);
    if (!isRunning || tls === undefined || !(this.#server instanceof HttpsServer)) return;
    this.#server.setSecureContext(tls.context);
    // node:tls reads this at each connection and has no setter for it. Were it ever ignored, `admits` would turn everyone away.
    Object.assign(this.#server, { requestCert: tls.requestCert });
    // Connections that were made under the old rules end: now, or after the answer that is under way.
    this.#connections.closeIdle();
  }
}
