import { chooseEncodings, type Encoding } from "./accept-encoding.ts";
import { ALWAYS } from "./answer.ts";

/** A file of the web UI, as it is sent. */
interface StaticFile {
  body: Uint8Array<ArrayBuffer>;
  contentType: string;
  /** How `body` is compressed; left out where it is not. */
  encoding?: Encoding;
  /** Names the very bytes of `body`, with its quotes: another coding of the same file has another one. */
  etag: string;
}

/**
 * Reads a file by its path below the UI's folder, in the first of the codings it is kept in, else as it is; undefined when
 * there is none.
 */
export type ReadStatic = (path: string, encodings: readonly Encoding[]) => Promise<StaticFile | undefined>;

/** What a page of ours may do: only load from here, and never make a script from text. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...ALWAYS,
  "content-security-policy": PAGE_POLICY,
  "cross-origin-opener-policy": "same-origin",
};

const NOT_BUILT =
  "The web UI has not been built. Run `npm start`, which builds it, or `npx vite build` in the folder webui.\n";

/** Serves the web UI. Paths without a file are pages of the single-page application. */
export async function serveStatic(read: ReadStatic, path: string, asked = new Headers()): Promise<Response> {
  const asset = path.startsWith("/assets/");
  const encodings = chooseEncodings(asked.get("accept-encoding"));
  const file =
    (await read(path === "/" ? "/index.html" : path, encodings)) ??
    (asset || /\.[a-z0-9]+$/.test(path) ? undefined : await read("/index.html", encodings));
  if (file === undefined) {
    const built = (await read("/index.html", [])) !== undefined;
    return new Response(built ? "not found\n" : NOT_BUILT, {
      status: built ? 404 : 503,
      headers: { ...PAGE_HEADERS, "content-type": "text/plain; charset=utf-8" },
    });
  }
  const headers = {
    ...PAGE_HEADERS,
    // Names of assets have a hash of their content; everything else is asked for again.
    "cache-control": asset ? "public, max-age=31536000, immutable" : "no-cache",
    etag: file.etag,
    vary: "accept-encoding",
  };
  if (isKnown(asked.get("if-none-match"), file.etag)) return new Response(null, { status: 304, headers });
  const coding: Record<string, string> = file.encoding === undefined ? {} : { "content-encoding": file.encoding };
  return new Response(file.body, { headers: { ...headers, ...coding, "content-type": file.contentType } });
}

/** Whether the caller has these bytes; what a cache on the way made weak is still the same. */
function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  const known = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known.includes(etag) || known.includes("*");
}
