import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * The files a project is made of, by their paths in it, and when each was changed. Packages, and folders that begin with a
 * dot, such as the product's data, are passed over whole.
 */
export async function listProjectFiles(dir: string, below = ""): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(join(dir, below), { withFileTypes: true })) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) for (const [name, state] of await listProjectFiles(dir, path)) files.set(name, state);
    else if (/\.(?:ts|js|json|yaml)$/.test(entry.name)) files.set(path, await stateOf(join(dir, path)));
  }
  return files;
}

/** A file that went away since it was listed has none. */
async function stateOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? "" : `${found.mtimeMs} ${found.size} ${found.ino}`;
}
