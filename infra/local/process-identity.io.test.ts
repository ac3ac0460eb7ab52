import { spawn } from "node:child_process";
import { once } from "node:events";
import { onLinux } from "@soma/shared/testing/on-linux";
import { until } from "@soma/shared/testing/until";
import { describe, expect, it } from "vitest";
import { beganAt, lifeOf, listPids } from "./process-identity.ts";

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

describe.skipIf(process.platform !== "linux")(onLinux("a process that cannot be looked at"), () => {
  it("is not taken for gone when only we have too many files open", async () => {
    const program = `import { openSync } from "node:fs";
      import { lifeOf, listPids, programOf } from ${JSON.stringify(new URL("process-identity.ts", import.meta.url).href)};
      try { for (;;) openSync("/dev/null"); } catch {}
      const found = await Promise.allSettled([lifeOf(process.pid), programOf(process.pid), listPids()]);
      console.log(found.map(({ value, reason }) => reason?.code ?? String(value)).join());`;
    const child = spawn("sh", ["-c", 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, program]);
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    expect(said.toString()).toBe("EMFILE,EMFILE,EMFILE\n");
  });
});

describe("listPids()", () => {
  it.skipIf(process.platform !== "linux")(onLinux("lists processes by their numbers"), async () => {
    const pids = await listPids();
    expect(pids).toContain(process.pid);
    expect(pids.every(Number.isInteger)).toBe(true);
  });
});

describe("beganAt()", () => {
  it.skipIf(process.platform !== "linux")(onLinux("tells when a process began, by the clock"), async () => {
    const child = spawn("sleep", ["60"]);
    expect(Math.abs(((await beganAt(child.pid ?? 0)) ?? 0) - Date.now() / 1_000)).toBeLessThan(3);
    child.kill("SIGKILL");
  });
});
