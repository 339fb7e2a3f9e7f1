import type { KernelText } from "../kernel-text.ts";
import type { Series } from "../readings.ts";
import type { HostPart } from "./part.ts";

/** node_exporter's default: OOM kills, paging, swapping, faults. */
const WANTED = /^(oom_kill|pgpg|pswp|pg.*fault)/;

/** `node_vmstat_<field>`. */
export const vmstat: HostPart = {
  name: "vmstat",
  open({ readings, proc }) {
    const file = proc("vmstat");
    let fields: { readonly key: string; readonly series: Series }[] = [];
    const look = (text: KernelText): void => {
      fields = [];
      while (text.word()) {
        const name = text.string();
        if (WANTED.test(name)) fields.push({ key: `\n${name} `, series: readings.untyped(`node_vmstat_${name}`, `Field ${name} of /proc/vmstat.`) });
        text.nextLine();
      }
      text.at = 0;
    };
    /** A dozen of some two hundred fields is wanted: they are searched for, in the order of the file, instead of reading them all. */
    const read = (text: KernelText): boolean => {
      for (let k = 0; k < fields.length; k++) {
        const { key, series } = fields[k]!;
        if (!text.after(key)) return false;
        series.set(text.uint());
      }
      return fields.length > 0;
    };
    return () => {
      const text = file.read();
      if (read(text)) return;
      text.at = 0;
      look(text);
      read(text);
    };
  },
};
