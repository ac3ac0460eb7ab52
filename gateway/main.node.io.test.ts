import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startTestRedis } from "@soma/local/test-redis";
import { createLog, createSilentLog } from "@soma/shared/log";
import { readMetrics } from "@soma/shared/metrics";
import { createKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { beforeAll, describe, expect, it } from "vitest";
import { startGateway } from "./main.node.ts";
import { createWire } from "./testing/wire.ts";

describe("startGateway()", () => {
  let env: Record<string, string>;
  beforeAll(async () => {
    const [internal, user] = await Promise.all([createKeys(), createKeys()]);
    env = {
      SOMA_GATEWAY_PORT: "0",
      SOMA_INTERNAL_SIGNING_KEY: JSON.stringify(internal.privateKey),
      SOMA_USER_VERIFY_KEY: JSON.stringify(user.publicKey),
      SOMA_WEBUI_DIR: "/nowhere",
    };
    for (const name of ["RUNS", "MEMORY", "POLICY", "TOOLS"])
      env[`SOMA_SUBGRAPH_${name}_URL`] = "http://127.0.0.1:9/graphql";
  });

  it("serves the real supergraph, says which subgraphs are missing, and measures itself", async () => {
    const running = await startGateway({ env, log: createSilentLog() });
    try {
      expect(running.url).toBe(`http://127.0.0.1:${running.port}`);
      const ready = await fetch(`${running.url}/readyz`);
      const gone = "cannot be reached";
      expect([ready.status, await ready.json()]).toEqual([
        503,
        { ready: false, reasons: { memory: gone, policy: gone, runs: gone, tools: gone } },
      ]);
      expect((await running.findFaults()).memory).toEqual({
        reason: gone,
        detail: expect.stringMatching(/: .*127.0.0.1:9/),
      });
      expect(await (await fetch(running.url)).text()).toContain("has not been built");
      expect((await fetch(`${running.url}/auth/exchange`, { method: "POST", body: "{}" })).status).toBe(404);
      const metrics = (await readMetrics()).body;
      expect(metrics).toContain(
        'http_server_request_duration_seconds_count{service="gateway",route="/readyz",status="503"} 1',
      );
      expect(metrics).toMatch(/^gateway_subscriptions 0$/m);
    } finally {
      await running.close();
    }
    await expect(fetch(running.url)).rejects.toThrow();
  });

  it("starts with a Redis that is away, which its readiness does not depend on", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "info", service: "lab", destination: { write: (line) => void lines.push(line) } });
    const running = await startGateway({
      env: { ...env, SOMA_GATEWAY_REDIS_URL: "redis://:hush@127.0.0.1:9/0" },
      log,
    });
    try {
      expect(Object.keys(await running.findFaults()).sort()).toEqual(["memory", "policy", "runs", "tools"]);
    } finally {
      await running.close();
    }
    expect(lines.filter((line) => line.includes("Redis is away")).length).toBe(1);
    expect(lines.join("")).not.toContain("hush");
  });

  it("leaves no connection to Redis open when it cannot be made", async () => {
    const redis = await startTestRedis();
    const wire = await createWire(redis.url);
    const checks = {
      get postgres(): () => Promise<void> {
        expect(wire.open()).toBe(1);
        throw new Error("a part is missing");
      },
    };
    try {
      await expect(
        startGateway({ env: { ...env, SOMA_GATEWAY_REDIS_URL: wire.url }, log: createSilentLog(), checks }),
      ).rejects.toThrow("a part is missing");
      await until("the connection is closed", () => wire.open() === 0);
    } finally {
      await wire.close();
      await redis.stop();
    }
  }, 120_000);

  it("names the port that another program has, and what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(
      startGateway({ env: { ...env, SOMA_GATEWAY_PORT: String(port) }, log: createSilentLog() }),
    ).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: `port ${port} on 127.0.0.1 is taken by another program; stop it or choose another one with SOMA_GATEWAY_PORT`,
      cause: { code: "EADDRINUSE" },
    });
    other.close();
  });

  it("reports every setting that is missing, and never the value of a secret", async () => {
    const wrong = { SOMA_INTERNAL_SIGNING_KEY: '{"kty":"RSA","d":"hush"}' };
    const error: Error = await startGateway({ env: wrong, log: createSilentLog() }).then(
      () => new Error("it started"),
      (reason: Error) => reason,
    );
    for (const name of [
      "SOMA_SUBGRAPH_RUNS_URL",
      "SOMA_SUBGRAPH_TOOLS_URL",
      "SOMA_USER_VERIFY_KEY",
      "SOMA_INTERNAL_SIGNING_KEY",
    ])
      expect(error.message).toContain(name);
    expect(error.message).not.toContain("hush");
  });
});
