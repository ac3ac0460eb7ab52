import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeData } from "../remove-data.ts";
import { ready, runUp, stop, type Up } from "./run-up.ts";

/** In the order in which they come: files in the data folder, the first ones of initdb among them, then lines that are said. */
const POINTS: readonly [name: string, file: RegExp | undefined, line: RegExp | undefined][] = [
  ["the folder is taken", /^pid$/, undefined],
  ["the secrets are written", /^secrets\.json/, undefined],
  ["initdb begins", /PG_VERSION$/, undefined],
  ["initdb has written settings", /pg_ident\.conf$/, undefined],
  ["initdb has a control file", /global\/pg_control$/, undefined],
  ["initdb makes the last database", /base\/5\/PG_VERSION$/, undefined],
  ["the server starts", /postmaster\.pid$/, undefined],
  ["the server runs", undefined, /✓ PostgreSQL/],
  ["tables are made", undefined, /✓ Migrations/],
  ["services run", undefined, /✓ Services/],
];

async function reached({ said, child }: Up, dataDir: string, point: (typeof POINTS)[number]): Promise<boolean> {
  const [name, file, line] = point;
  if (child.exitCode !== null) throw new Error(`it ended before "${name}": ${said()}`);
  if (line !== undefined) return line.test(said());
  const names = await readdir(dataDir, { recursive: true }).catch(() => []);
  return names.some((path) => file?.test(path));
}

describe("a first start that is killed, with all it has started", () => {
  let place: string;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "soma-killed-"));
  });
  afterAll(() => removeData(place));

  it.each(POINTS)("can start afterwards: killed when %s", async (...point) => {
    const dataDir = join(place, point[0].replaceAll(" ", "-"));
    const first = runUp("--data", dataDir, "--port", "0");
    while (!(await reached(first, dataDir, point))) await pause(1);
    // The whole group, as when a container or a machine goes down: initdb dies with its parent.
    process.kill(-(first.child.pid ?? 0), "SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    const second = runUp("--data", dataDir, "--port", "0");
    await ready(second);
    expect(await stop(second)).toBe(0);
    expect((await readdir(dataDir)).filter((name) => /making|\.new$/.test(name))).toEqual([]);
    await removeData(dataDir);
  });
});
