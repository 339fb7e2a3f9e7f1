import type { Call } from "../command.ts";
import type { detectOptions } from "../commands/detect.ts";
import { UsageError } from "../usage-error.ts";

export async function runDetect({ options }: Call<typeof detectOptions>): Promise<number> {
  throw new UsageError(`not yet ${options.port}.`);
}
