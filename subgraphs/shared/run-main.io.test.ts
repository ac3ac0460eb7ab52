import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";

const taken = createServer();
afterEach(() => void taken.close());

/** A process with one part, which says that it was closed. */
const PROGRAM = `import { runMain } from ${JSON.stringify(new URL("run-main.ts", import.meta.url).href)};
  const close = async () => void process.stdout.write("the part is closed");
  await runMain("t", async () => ({ findFaults: async () => ({}), close }), { publishes: false });`;

describe("runMain()", () => {
  it("closes the part that runs already when the port of its metrics is taken, and says why it ends", async () => {
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], {
      env: { ...process.env, SOMA_METRICS_PORT: String(port), SOMA_LOG_LEVEL: "silent" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    expect({ stdout, code }).toEqual({ stdout: "the part is closed", code: 1 });
    expect(stderr).toContain("t could not start");
    expect(stderr).toContain("SOMA_METRICS_PORT");
  });
});
