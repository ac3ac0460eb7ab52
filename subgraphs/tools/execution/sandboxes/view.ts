import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SHELL } from "./process/limits.ts";
import type { Program } from "./sandbox.ts";

/** The part of this machine's files that a program in a sandbox sees, to read alone. */
export interface View {
  /** Files and folders at their real paths, none of them below another. */
  shown: readonly string[];
  /** Paths that lead to one of those. */
  links: readonly { at: string; to: string }[];
}

/** Libraries of the system; no program of it, and nothing that says who uses this machine. */
const LIBRARIES = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache"];
/** What finding and trusting a name on the network takes. */
const NETWORK = ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl"];

/** A list of what may be seen, and not one of what may not: a socket in /run is out of it as what nobody thought of is. */
export function viewOf({ file, readable, network }: Program): View {
  const wanted = [...LIBRARIES, ...(network === "host" ? NETWORK : []), SHELL, file, ...readable.flatMap(expand)];
  const real = new Map(wanted.filter((path) => existsSync(path)).map((path) => [path, realpathSync(path)]));
  const shown = outermost([...real.values()]);
  const linked = [...real].filter(([path, at]) => path !== at).toSorted(([a], [b]) => a.length - b.length);
  const links: { at: string; to: string }[] = [];
  for (const [at, to] of linked) {
    const isThere =
      isBelow(at, shown) ||
      isBelow(
        at,
        links.map((link) => link.at),
      );
    if (!isThere) links.push({ at, to });
  }
  return { shown, links };
}

function expand(pattern: string): string[] {
  const folder = /^(.+)\/\*?$/.exec(pattern)?.[1];
  if (folder !== undefined) return [folder];
  if (!pattern.endsWith("*")) return [pattern];
  return namesFrom(pattern.slice(0, -1));
}

function namesFrom(start: string): string[] {
  const folder = dirname(start);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(basename(start)))
    .map((name) => join(folder, name));
}

function outermost(paths: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].toSorted((a, b) => a.length - b.length))
    if (!isBelow(path, kept)) kept.push(path);
  return kept;
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
