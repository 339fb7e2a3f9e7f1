import { KeyTable } from "../key-table.ts";
import type { Series } from "../readings.ts";
import type { HostPart } from "./part.ts";

const COLON = 58;
const LETTER_K = 107;

/** `node_memory_<field>_bytes`, and `node_memory_HugePages_*` in pages: the fields that this kernel has. */
export const meminfo: HostPart = {
  name: "meminfo",
  open({ readings, proc }) {
    const file = proc("meminfo");
    const fields = new KeyTable((field) => ({ field, series: undefined as Series | undefined }));
    const seriesOf = (field: string, unit: "_bytes" | ""): Series => {
      const name = `node_memory_${field.replace(/\((.*)\)/, "_$1").replace(/[^a-zA-Z0-9_]/g, "_")}`;
      return readings.gauge(`${name}${unit}`, `Field ${field} of /proc/meminfo${unit === "" ? "" : ", in bytes"}.`);
    };
    return () => {
      const text = file.read();
      fields.begin();
      while (text.word(COLON)) {
        const entry = fields.of(text);
        text.at++;
        const value = text.uint();
        const isInKib = text.bytes[text.at + 1] === LETTER_K;
        entry.series ??= seriesOf(entry.field, isInKib ? "_bytes" : "");
        entry.series.set(isInKib ? value * 1024 : value);
        text.nextLine();
      }
      fields.end();
    };
  },
};
