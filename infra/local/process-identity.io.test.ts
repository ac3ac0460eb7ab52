import { spawn } from "node:child_process";
import { once } from "node:events";
import { onLinux } from "@soma/shared/testing/on-linux";
import { describe, expect, it } from "vitest";
import { beganAt, listPids } from "./process-identity.ts";

describe.skipIf(process.platform !== "linux")(onLinux("a process that cannot be looked at"), () => {
  it("is not taken for gone when only we have too many files open", async () => {
    const program = `import { openSync } from "node:fs";
      import { lifeOf } from ${JSON.stringify(import.meta.resolve("@soma/schemas/process-life"))};
      import { listPids, programOf } from ${JSON.stringify(new URL("process-identity.ts", import.meta.url).href)};
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
