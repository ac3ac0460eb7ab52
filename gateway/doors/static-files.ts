import { ALWAYS } from "./answer.ts";

/** A file of the web UI. */
interface StaticFile {
  body: Uint8Array<ArrayBuffer>;
  contentType: string;
}

/** Reads a file by its path below the UI's folder; undefined when there is none. */
export type ReadStatic = (path: string) => Promise<StaticFile | undefined>;

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
export async function serveStatic(read: ReadStatic, path: string): Promise<Response> {
  const asset = path.startsWith("/assets/");
  const file =
    (await read(path === "/" ? "/index.html" : path)) ??
    (asset || /\.[a-z0-9]+$/.test(path) ? undefined : await read("/index.html"));
  if (file === undefined) {
    const built = (await read("/index.html")) !== undefined;
    return new Response(built ? "not found\n" : NOT_BUILT, {
      status: built ? 404 : 503,
      headers: { ...PAGE_HEADERS, "content-type": "text/plain; charset=utf-8" },
    });
  }
  // Names of assets have a hash of their content; everything else is asked for again.
  const cache = asset ? "public, max-age=31536000, immutable" : "no-cache";
  return new Response(file.body, {
    headers: { ...PAGE_HEADERS, "content-type": file.contentType, "cache-control": cache },
  });
}
