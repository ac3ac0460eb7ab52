import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
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

/** Files below a folder and nowhere else, whatever the path or a link in it says. */
export function createStaticReader(folder: string): ReadStatic {
  return async (path) => {
    const contentType = TYPES[extname(path)];
    if (contentType === undefined || path.includes("\0")) return undefined;
    try {
      const root = await realpath(folder);
      const file = await realpath(join(root, decodeURIComponent(path)));
      if (!file.startsWith(root + sep)) return undefined;
      return { body: new Uint8Array(await readFile(file)), contentType };
    } catch {
      return undefined;
    }
  };
}
