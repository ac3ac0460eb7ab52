import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "./testing/until.ts";

const taken = createServer();
afterEach(() => void taken.close());

/** A process with one part, which says that it was closed. */
const toProgram = (close = 'process.stdout.write("the part is closed")'): string =>
  `import { runMain } from ${JSON.stringify(new URL("run-main.ts", import.meta.url).href)};
  const close = async () => void (await ${close});
  setInterval(() => process.listenerCount("SIGTERM") > 0 && process.stdout.write("hears; "), 10);
  await runMain("t", async () => ({ findFaults: async () => ({}), close }), { publishes: false });`;

function run(program: string, env: Record<string, string> = {}) {
  return spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, SOMA_LOG_LEVEL: "silent", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

describe("runMain()", () => {
  it("closes the part that runs already when the port of its metrics is taken, and says why it ends", async () => {
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const child = run(toProgram(), { SOMA_METRICS_PORT: String(port) });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    expect({ stdout, code }).toEqual({ stdout: "the part is closed", code: 1 });
    expect(stderr).toContain("t could not start");
    expect(stderr).toContain("SOMA_METRICS_PORT");
  });

  it("takes signals that come together for one stop, as when a whole group is asked", async () => {
    const closes = 'new Promise((resolve) => setTimeout(resolve, 300)).then(() => process.stdout.write("is closed"))';
    const child = run(toProgram(closes));
    await once(child.stdout, "data");
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) child.kill(signal);
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    expect([stdout, code]).toEqual([expect.stringMatching(/is closed/), 0]);
  });

  it("ends at once when it is asked again, while a part does not close", async () => {
    const child = run(toProgram("new Promise(() => {})"));
    await once(child.stdout, "data");
    child.stdout.resume();
    await until("it has ended", () => child.kill("SIGTERM") === false || child.exitCode !== null);
    expect(child.exitCode).toBe(130);
  });
});
