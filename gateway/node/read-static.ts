import { hash } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { Encoding } from "../doors/accept-encoding.ts";
import type { ReadStatic } from "../doors/static-files.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/** Endings under which a build leaves its compressed files beside the others. */
const ENDINGS: Readonly<Record<Encoding, string>> = { br: ".br", gzip: ".gz" };

/** Files below a folder and nowhere else, whatever the path or a link in it says. */
export function createStaticReader(folder: string): ReadStatic {
  return async (path, encodings) => {
    const contentType = TYPES[extname(path)];
    if (contentType === undefined || path.includes("\0")) return undefined;
    for (const encoding of encodings) {
      const body = await readBelow(folder, `${path}${ENDINGS[encoding]}`);
      if (body !== undefined) return { body, contentType, encoding, etag: etagOf(body) };
    }
    const body = await readBelow(folder, path);
    return body === undefined ? undefined : { body, contentType, etag: etagOf(body) };
  };
}

async function readBelow(folder: string, path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, decodeURIComponent(path)));
    return file.startsWith(root + sep) ? new Uint8Array(await readFile(file)) : undefined;
  } catch {
    return undefined;
  }
}

function etagOf(body: Uint8Array): string {
  return `"${hash("sha256", body, "base64url").slice(0, 27)}"`;
}
