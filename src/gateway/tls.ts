/** The certificate of the gateway, from mounted files that may be replaced while it runs. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:tls';
import { createSecureContext } from 'node:tls';

export interface TlsFiles {
  cert: string;
  key: string;
}

export interface Certificate {
  cert: Buffer;
  key: Buffer;
}

/** Mounted files are replaced by links, of which file watchers miss some. */
const CHECK_EVERY_MS = 10_000;

/** @throws Error for files that cannot be read, or a key that is not the certificate's */
export function readCertificate(files: TlsFiles): Certificate {
  const certificate = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  createSecureContext(certificate);
  return certificate;
}

interface Reload {
  server: Server;
  files: TlsFiles;
  onReload(): void;
  /** The old certificate stays in use. */
  onFailure(error: unknown): void;
  everyMs?: number;
}

/** Takes new files for connections from then on. Half a replacement is a failure, and read again. */
export function followCertificate(
  first: Certificate,
  { server, files, onReload, onFailure, everyMs = CHECK_EVERY_MS }: Reload,
): void {
  let current = first;
  const check = () => {
    try {
      const next = readCertificate(files);
      if (next.cert.equals(current.cert) && next.key.equals(current.key)) return;
      server.setSecureContext(next);
      current = next;
      onReload();
    } catch (error) {
      onFailure(error);
    }
  };
  const timer = setInterval(check, everyMs).unref();
  server.once('close', () => clearInterval(timer));
}
