import { KeyTable } from "../key-table.ts";
import type { HostPart } from "./part.ts";

/** node_exporter's default: OOM kills, paging, swapping, faults. */
const WANTED = /^(oom_kill|pgpg|pswp|pg.*fault)/;

/** `node_vmstat_<field>`. */
export const vmstat: HostPart = {
  name: "vmstat",
  open({ readings, proc }) {
    const file = proc("vmstat");
    const fields = new KeyTable((field) => {
      return WANTED.test(field) ? readings.untyped(`node_vmstat_${field}`, `Field ${field} of /proc/vmstat.`) : undefined;
    });
    return () => {
      const text = file.read();
      fields.begin();
      while (text.word()) {
        fields.of(text)?.set(text.uint());
        text.nextLine();
      }
      fields.end();
    };
  },
};
