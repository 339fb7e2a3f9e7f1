import type { HostPart } from "./part.ts";

/** `node_filefd_allocated` and `node_filefd_maximum`. */
export const filefd: HostPart = {
  name: "filefd",
  open({ readings, proc }) {
    const file = proc("sys/fs/file-nr");
    const allocated = readings.gauge("node_filefd_allocated", "File descriptors in use.");
    const maximum = readings.gauge("node_filefd_maximum", "Most file descriptors that the machine hands out.");
    return () => {
      const text = file.read();
      allocated.set(text.uint());
      text.uint(); // unused ones: zero since Linux 2.6
      maximum.set(text.uint());
    };
  },
};
