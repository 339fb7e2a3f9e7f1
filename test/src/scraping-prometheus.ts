import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, startProgram } from "./debian-program.ts";

/** One series of a query's answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
}

/** A real Prometheus, and what can be asked of it. */
export interface Scraping extends AsyncDisposable {
  /** Returns once a scrape of the target has succeeded. */
  untilUp(): Promise<void>;
  query(text: string): Promise<readonly Sample[]>;
  /** The value of the answer's first series; NaN where there is none. */
  value(text: string): Promise<number>;
  /** Another call of the HTTP API. */
  get<T>(path: string): Promise<T>;
}

/** Starts a Prometheus that scrapes one target each second; it is ready when this returns, the target need not be. */
export async function scraping(
  target: string,
  options: { readonly prometheus: string | undefined; readonly features?: readonly string[] },
): Promise<Scraping> {
  const { prometheus = "", features = [] } = options;
  const directory = await mkdtemp(join(tmpdir(), "prometheus-"));
  const config = join(directory, "prometheus.yml");
  await writeFile(config, `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: t, static_configs: [{ targets: ["${target}"] }] }]\n`);
  const address = `127.0.0.1:${await freePort()}`;
  const program = startProgram(prometheus, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=${address}`,
    ...(features.length === 0 ? [] : [`--enable-feature=${features.join(",")}`]),
  ]);
  const get = async <T>(path: string): Promise<T> => (await fetch(`http://${address}/api/v1/${path}`)).json() as Promise<T>;
  const query = async (text: string) => {
    const { data } = await get<{ readonly data: { readonly result: readonly Sample[] } }>(`query?query=${encodeURIComponent(text)}`);
    return data.result;
  };
  const value = async (text: string): Promise<number> => Number((await query(text))[0]?.value[1]);
  await eventually(async () => ((await fetch(`http://${address}/-/ready`)).ok ? true : undefined), {
    seconds: 40,
    what: `readiness of Prometheus (${program.output()})`,
  });
  return {
    value,
    query,
    get,
    untilUp: async () => {
      await eventually(async () => ((await value("up")) === 1 ? true : undefined), {
        seconds: 40,
        what: `a scrape of ${target} (${program.output()})`,
      });
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
