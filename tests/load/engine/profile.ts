/**
 * Where the CPU of a profile went: each place's own time as a share of the time that was not idle, the most first. A place
 * is a file of ours, a package, or what Node does itself.
 *
 *   node_modules/.bin/node --cpu-prof --cpu-prof-dir=.tmp/profiles tests/load/engine/steps.ts --at-once 256 --rounds 1
 *   node_modules/.bin/node tests/load/engine/profile.ts .tmp/profiles/CPU.*.0.001.cpuprofile
 */
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const LINES = 20;
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}

function placeOf({ functionName, url }: Profile["nodes"][number]["callFrame"]): string {
  if (url === "") return functionName;
  if (url.startsWith("node:")) return url.startsWith("node:internal/") ? "node:internal" : url;
  // What a package compiled itself, and modules of WebAssembly, have no file.
  if (!url.startsWith("file:")) return url.split(":", 1)[0] ?? url;
  const path = relative(ROOT, fileURLToPath(url));
  const parts = path.split("node_modules/").at(-1)?.split("/") ?? [];
  return path.includes("node_modules/") ? parts.slice(0, parts[0]?.startsWith("@") ? 2 : 1).join("/") : path;
}

const file = process.argv[2];
if (file === undefined) throw new Error("no profile was named: give the path of a .cpuprofile file");
const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, "utf8")) as Profile;
const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
const spent = new Map<string, number>();
for (const [i, id] of samples.entries()) {
  const place = places.get(id) ?? "unknown";
  spent.set(place, (spent.get(place) ?? 0) + (timeDeltas[i] ?? 0));
}
spent.delete("(idle)");
const whole = [...spent.values()].reduce((sum, us) => sum + us, 0);
console.log("| place | own time, % | ms |\n| --- | --- | --- |");
for (const [place, us] of [...spent].toSorted((a, b) => b[1] - a[1]).slice(0, LINES))
  console.log(`| ${place} | ${((us / whole) * 100).toFixed(1)} | ${Math.round(us / 1_000)} |`);
