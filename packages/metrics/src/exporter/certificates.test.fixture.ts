import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate with its key, on disk and in memory. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates in a folder of its own, with the openssl of the machine. */
export class CertificateFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "inferometer-tls-"));

  /** A self-signed certificate that may sign others. */
  authority(name: string): Certificate {
    const { certFile, keyFile } = this.#files(name);
    openssl(["req", "-x509", ...NEW_KEY, "-keyout", keyFile, "-out", certFile, "-days", "2", "-subj", `/CN=${name}`]);
    return read(certFile, keyFile);
  }

  /** A certificate with subject alternative names such as "DNS:localhost,IP:127.0.0.1", signed by an authority. */
  signed(name: string, by: Certificate, altNames: string): Certificate {
    const { certFile, keyFile } = this.#files(name);
    const request = join(this.path, `${name}.csr`);
    openssl(["req", ...NEW_KEY, "-keyout", keyFile, "-out", request, "-subj", `/CN=${name}`]);
    const extensions = this.file(`${name}.ext`, `subjectAltName=${altNames}\n`);
    const sign = ["x509", "-req", "-in", request, "-CA", by.certFile, "-CAkey", by.keyFile, "-CAcreateserial"];
    openssl([...sign, "-out", certFile, "-days", "2", "-extfile", extensions]);
    return read(certFile, keyFile);
  }

  /** Writes a file and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  #files(name: string): { certFile: string; keyFile: string } {
    return { certFile: join(this.path, `${name}.crt`), keyFile: join(this.path, `${name}.key`) };
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function openssl(args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}

function read(certFile: string, keyFile: string): Certificate {
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
