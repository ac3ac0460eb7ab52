import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeData } from "../remove-data.ts";
import { ready, runUp, stop } from "./run-up.ts";

describe("two starts on one data folder at the same instant", () => {
  let place: string;
  let dataDir: string;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "soma-two-"));
    dataDir = join(place, ".soma");
  });
  afterAll(async () => {
    await removeData(dataDir);
    await rm(place, { recursive: true, force: true });
  });

  it.each(["a new folder", "a folder that is there"])("one has it and the other says who does: %s", async () => {
    const both = [1, 2].map(() => runUp("--data", dataDir, "--port", "0"));
    const code = await Promise.race(both.map(({ ended }) => ended));
    const loser = await until("one of them ended", () => both.find(({ child }) => child.exitCode !== null));
    const winner = both.find((up) => up !== loser);
    if (winner === undefined) throw new Error("both are one");
    expect(code).toBe(1);
    expect(loser.said()).toMatch(
      new RegExp(
        `soma is running already on ${dataDir} \\(process ${winner.child.pid}[^)]*\\)|soma is running already on ${dataDir};`,
      ),
    );
    await ready(winner);
    expect(await stop(winner)).toBe(0);
  });

  it("a stop that comes before the start is over ends it with 0, and nothing is left", async () => {
    const up = runUp("--data", dataDir, "--port", "0");
    await until("PostgreSQL runs", () => up.said().includes("✓ PostgreSQL"), 30_000);
    expect(await stop(up)).toBe(0);
    expect(up.said()).not.toContain("Ready in");
    const next = runUp("--data", dataDir, "--port", "0");
    await ready(next);
    expect(await stop(next)).toBe(0);
  });
});
