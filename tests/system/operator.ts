import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readRuntime } from "@soma/cli/data-folder";

/** Asks the address that the operators of a product have to themselves. */
async function ask(dataDir: string, path: "/metrics" | "/readyz"): Promise<Response> {
  const url = (await readRuntime(dataDir))?.operatorUrl;
  if (url === undefined) throw new Error(`the product in ${dataDir} names no address for its operators`);
  return fetch(new URL(path, url));
}

/** What each part of a product lacks, with the words of the system. */
export async function readFaults(dataDir: string): Promise<Record<string, Record<string, string>>> {
  return ((await (await ask(dataDir, "/readyz")).json()) as { parts: Record<string, Record<string, string>> }).parts;
}

/** The sum of a metric over all of its series that have this text among their labels; 0 when it has none. */
export async function readMetric(dataDir: string, name: string, labels = ""): Promise<number> {
  const lines = (await (await ask(dataDir, "/metrics")).text()).split("\n");
  return lines
    .filter((line) => [" ", "{"].includes(line.charAt(name.length)) && line.startsWith(name) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** Lines of the log of a product in which this stands. */
export async function readLog(dataDir: string, containing: string): Promise<{ msg: string }[]> {
  const lines = (await readFile(join(dataDir, "log", "soma.log"), "utf8")).split("\n");
  return lines.filter((line) => line.includes(containing)).map((line) => JSON.parse(line) as { msg: string });
}
