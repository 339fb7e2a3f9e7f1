import { Buffer } from "node:buffer";

/** A line of /proc/PID/mountinfo. */
export interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  /** The mount point's bytes, for system calls: it need not be UTF-8. */
  readonly path: Buffer;
  /** Which folder of the file system is mounted. */
  readonly root: string;
  readonly type: string;
  readonly major: string;
  readonly minor: string;
  readonly readOnly: boolean;
  /** Options of the file system itself, such as a v1 cgroup's controllers. */
  readonly superOptions: readonly string[];
}

/**
 * Reads mountinfo: "36 35 98:0 /root /mount/point rw,noatime shared:1 - ext4 /dev/root rw,errors=continue" (proc_pid_mountinfo(5)).
 * `bytes` is the file as Latin-1, so that no byte is lost. Lines that are none are left out.
 */
export function parseMounts(bytes: string): Mount[] {
  return bytes.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const dash = fields.indexOf("-", 6); // optional fields stand before it
    const [, , numbers = "", root = "", point, options = ""] = fields;
    const [type, device, superOptions = ""] = dash === -1 ? [] : fields.slice(dash + 1);
    if (point === undefined || type === undefined || device === undefined) return [];
    const [major = "", minor = ""] = numbers.split(":");
    const path = Buffer.from(unescaped(point), "latin1");
    const all = [...options.split(","), ...superOptions.split(",")];
    return [
      {
        device: readable(Buffer.from(unescaped(device), "latin1")),
        mountPoint: readable(path),
        path,
        root: readable(Buffer.from(unescaped(root), "latin1")),
        type,
        major,
        minor,
        readOnly: all.some((option) => option === "ro" || option === "emergency_ro"),
        superOptions: superOptions.split(","),
      },
    ];
  });
}

/** Undoes the kernel's \040 for a blank, \011, \012 and \134. */
export function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as a label's value: UTF-8, or where they are not, with \xNN for what is not ASCII, so that two mount points never look the same. */
function readable(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes.toString("latin1").replace(/[\x80-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  }
}
