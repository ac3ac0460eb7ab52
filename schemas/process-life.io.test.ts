import { spawn } from "node:child_process";
import { once } from "node:events";
import { onLinux } from "@soma/shared/testing/on-linux";
import { until } from "@soma/shared/testing/until";
import { describe, expect, it } from "vitest";
import { lifeOf, processStat } from "./process-life.ts";

describe("lifeOf()", () => {
  it("is the same for as long as a process lives, and nothing afterwards", async () => {
    const child = spawn("sleep", ["60"]);
    const pid = child.pid ?? 0;
    const life = await lifeOf(pid);
    expect(life).toMatch(new RegExp(`^${pid}`));
    expect(await lifeOf(pid)).toBe(life);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    expect(await lifeOf(pid)).toBeUndefined();
    expect(await processStat(pid)).toBeUndefined();
  });

  it.skipIf(process.platform !== "linux")(
    onLinux("takes a process that nobody has asked how it ended for gone"),
    async () => {
      // The shell becomes a program that never asks after the child it was given.
      const child = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
      const [chunk] = (await once(child.stdout, "data")) as [Buffer];
      const orphan = Number(chunk.toString());
      expect(await lifeOf(orphan)).toBeDefined();
      process.kill(orphan, "SIGKILL");
      await until("it is gone", async () => (await lifeOf(orphan)) === undefined);
      // It has its number still, and who only sends it a signal takes it for alive.
      expect(process.kill(orphan, 0)).toBe(true);
      child.kill("SIGKILL");
    },
  );
});
