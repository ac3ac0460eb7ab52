import { once } from "node:events";
import { readFileSync } from "node:fs";
import { onLinux } from "@soma/shared/testing/on-linux";
import { afterEach, expect, test, vi } from "vitest";
import { launchWorker } from "./launch-worker.ts";

afterEach(() => vi.unstubAllEnvs());

test.skipIf(process.platform !== "linux")(
  onLinux("launchWorker() begins a process with nothing in its environment that is not needed to begin"),
  async () => {
    vi.stubEnv("SOME_API_KEY", "sk-secret");
    vi.stubEnv("LC_ALL", "C.UTF-8");
    const child = launchWorker({ env: { SOME_API_KEY: "sk-secret" }, dataDir: "/dev/null" });
    const gone = once(child, "exit");
    await once(child, "spawn");
    const names = readFileSync(`/proc/${child.pid}/environ`, "utf8")
      .split("\0")
      .map((entry) => entry.split("=")[0]);
    child.kill("SIGKILL");
    await gone;
    expect(names).toEqual(expect.arrayContaining(["PATH", "LC_ALL"]));
    expect(names).not.toContain("SOME_API_KEY");
  },
);
