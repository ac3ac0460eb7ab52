import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import { createKeys } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askToDecide, createPolicyFixture, type PolicyFixture } from "./testing/fixture.ts";

let fixture: PolicyFixture;
beforeAll(async () => {
  fixture = await createPolicyFixture("policy_main");
});
afterAll(() => fixture.close());

describe("startPolicy()", () => {
  it("serves nobody who is not signed, or signed by another key", async () => {
    const running = await fixture.start();
    const response = await fetch(running.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    expect(response.status).toBe(401);
    const foreign = await fixture.clientOf(running, await createKeys());
    await expect(askToDecide(foreign)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("denies every call while its bundle is broken, although it starts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "soma-bundle-"));
    await writeFile(join(folder, "tools.wasm"), "not wasm");
    const whole = await fixture.start();
    const broken = await fixture.start({ SOMA_POLICY_BUNDLE_DIR: folder });
    expect((await fetch(new URL("/readyz", whole.url))).status).toBe(200);
    const readiness = await fetch(new URL("/readyz", broken.url));
    expect([readiness.status, await readiness.text()]).toEqual([503, expect.stringContaining("degraded")]);
    expect(await askToDecide(await fixture.clientOf(broken), { tool: "clock", risk: "LOW" })).toMatchObject({
      allow: false,
      token: null,
      reason: "policy_error: bundle",
    });
    await truncate(join(folder, "tools.wasm"), 8_388_609);
    const huge = await fixture.start({ SOMA_POLICY_BUNDLE_DIR: folder });
    expect((await fetch(new URL("/readyz", huge.url))).status).toBe(503);
    await rm(folder, { recursive: true });
  });

  it("lets a decision stand as long as its setting says", async () => {
    const standingMs = async (to: ServiceClient) => Date.parse((await askToDecide(to)).expiresAt) - Date.now();
    const slow = await fixture.start({ SOMA_DECISION_TTL_S: "3600" });
    expect(await standingMs(await fixture.clientOf(slow))).toBeGreaterThan(3_590_000);
    expect(await standingMs(await fixture.clientOf(await fixture.start()))).toBeLessThanOrEqual(300_000);
  });

  it("does not start with a key that cannot sign", async () => {
    const publicOnly = { SOMA_DECISION_SIGNING_KEY: JSON.stringify(fixture.decisions.publicKey) };
    await expect(fixture.start(publicOnly)).rejects.toThrow("SOMA_DECISION_SIGNING_KEY: its value has a public key");
  });
});
