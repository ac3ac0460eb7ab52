import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../../../webui/dist/", import.meta.url));

/** Bytes of each script that the built page asks for at once, as they are sent compressed with gzip. */
export function initialScripts(): { name: string; bytes: number }[] {
  const page = readFileSync(join(dist, "index.html"), "utf8");
  const tags = page.match(/<script type="module"[^>]*>|<link rel="modulepreload"[^>]*>/g) ?? [];
  return tags.map((tag) => {
    const name = /(?:src|href)="\/([^"]+)"/.exec(tag)?.[1] ?? "";
    const [plain, packed] = ["", ".gz"].map((end) => statSync(join(dist, name + end), { throwIfNoEntry: false })?.size);
    return { name, bytes: packed ?? plain ?? Number.NaN };
  });
}
