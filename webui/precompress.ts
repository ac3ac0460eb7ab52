import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXTS = [".css", ".html", ".js", ".svg"];
/** Below this the headers weigh more than what is saved. */
const LEAST_BYTES = 1_024;

/**
 * Puts a `.br` and a `.gz` beside each text of the build, which the gateway serves to those who take them: compressed once,
 * as hard as it goes, and never while somebody waits.
 */
export function precompress(): Plugin {
  let folder = "";
  return {
    name: "soma-precompress",
    apply: "build",
    configResolved({ root, build }) {
      folder = resolve(root, build.outDir);
    },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
        if (TEXTS.includes(extname(name))) compress(join(folder, name));
    },
  };
}

function compress(path: string): void {
  const text = readFileSync(path);
  if (text.byteLength < LEAST_BYTES) return;
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.byteLength };
  writeFileSync(`${path}.br`, brotliCompressSync(text, { params }));
  writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
}
