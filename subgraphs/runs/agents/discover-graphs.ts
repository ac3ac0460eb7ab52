import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { isRecord } from "@soma/schemas/json";
import type { AnyGraph } from "@soma/sdk/graph";

/**
 * Every graph that ships: the default export of the `graph.ts` in each folder here. A run stays with the version it was
 * started on, so an old version keeps a folder of its own until no run of it is left. A file without a graph stops the start.
 */
export async function discoverGraphs(): Promise<AnyGraph[]> {
  const here = new URL("./", import.meta.url);
  const entries = await readdir(here, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => new URL(`${name}/graph.ts`, here))
    .filter((file) => existsSync(file));
  return Promise.all(files.map(load));
}

async function load(file: URL): Promise<AnyGraph> {
  const { default: exported } = (await import(file.href)) as { default?: unknown };
  return toGraph(exported, file.pathname);
}

/** What a file exports, as a graph; throws, with what to do, when it is none. */
export function toGraph(exported: unknown, file: string): AnyGraph {
  if (isRecord(exported) && typeof exported.pin === "string" && typeof exported.node === "function")
    return exported as unknown as AnyGraph;
  throw new Error(`${file} has no graph as its default export; export what build() gives`);
}
