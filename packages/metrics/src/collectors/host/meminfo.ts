import { KeyTable } from "../key-table.ts";
import type { HostPart } from "./part.ts";

const COLON = 58;
const LETTER_K = 107;

/** `node_memory_<field>_bytes`, and `node_memory_HugePages_*` in pages: the fields that this kernel has. */
export const meminfo: HostPart = {
  name: "meminfo",
  open({ readings, proc }) {
    const file = proc("meminfo");
    const fields = new KeyTable((field) => {
      const name = `node_memory_${field.replace(/\((.*)\)/, "_$1").replace(/[^a-zA-Z0-9_]/g, "_")}`;
      const help = `Field ${field} of /proc/meminfo`;
      return { bytes: readings.gauge(`${name}_bytes`, `${help}, in bytes.`), plain: readings.gauge(name, `${help}.`) };
    });
    return () => {
      const text = file.read();
      fields.begin();
      while (text.word(COLON)) {
        const field = fields.of(text);
        text.at++;
        const value = text.uint();
        if (text.bytes[text.at + 1] === LETTER_K) field.bytes.set(value * 1024);
        else field.plain.set(value);
        text.nextLine();
      }
      fields.end();
    };
  },
};
