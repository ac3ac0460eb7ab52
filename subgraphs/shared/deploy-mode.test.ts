import { describe, expect, it } from "vitest";
import { faultsOf } from "./config.ts";
import { readDeployMode } from "./deploy-mode.ts";
import { REFUSALS } from "./refusals.ts";

const SAFE = {
  DEPLOY_MODE: "prod",
  MTLS_ENABLED: "true",
  USE_REAL_INFRA: "true",
  SOMA_GATEWAY_INTROSPECTION: "off",
  SOMA_EVENT_BUS: "kafka",
  SOMA_KAFKA_TLS: "on",
  SOMA_KAFKA_SASL_MECHANISM: "scram-sha-512",
};

describe("readDeployMode()", () => {
  it("is dev_full where nothing is said, and starts with nothing set", () => {
    expect(readDeployMode({})).toBe("dev_full");
    expect(readDeployMode({ DEPLOY_MODE: "", SOMA_USER_SIGNING_KEY: "{}" })).toBe("dev_full");
  });

  it("refuses a mode there is not", () => {
    expect(faultsOf(() => readDeployMode({ DEPLOY_MODE: "production" }))[0]).toMatch(
      /^DEPLOY_MODE: "production" is not one of dev_full, dev_prod, prod, prod_ha/,
    );
  });

  it.each(["prod", "prod_ha"])("takes %s with nothing weakened", (mode) => {
    expect(readDeployMode({ ...SAFE, DEPLOY_MODE: mode })).toBe(mode);
  });

  it("names everything that prod refuses, set or left out, at once and without a secret", () => {
    const env = { DEPLOY_MODE: "prod", SOMA_EVENT_BUS: "kafka", SOMA_USER_SIGNING_KEY: "hush" };
    const more = { SOMA_KAFKA_SASL_PASSWORD: "hush", SOMA_GATEWAY_REDIS_URL: "redis://:hush@r", JWT_ENABLED: "false" };
    const faults = faultsOf(() => readDeployMode({ ...env, ...more }));
    expect(faults.map((fault) => fault.split(", ", 1)[0])).toEqual([
      "JWT_ENABLED is false",
      "USE_REAL_INFRA is false",
      "MTLS_ENABLED is false",
      "SOMA_USER_SIGNING_KEY is set",
      "SOMA_GATEWAY_INTROSPECTION is on",
      "SOMA_GATEWAY_REDIS_URL is an address without TLS",
      "SOMA_KAFKA_TLS is off",
      "SOMA_KAFKA_SASL_MECHANISM is none",
      "SOMA_KAFKA_SASL_PASSWORD is set",
    ]);
    expect(faults.join()).not.toContain("hush");
  });

  it("refuses a process only what it reads", () => {
    const env = { ...SAFE, SOMA_GATEWAY_INTROSPECTION: "on" };
    expect(readDeployMode(env, { part: "worker" })).toBe("prod");
    expect(faultsOf(() => readDeployMode(env, { part: "gateway" }))).toEqual([
      "SOMA_GATEWAY_INTROSPECTION is on, which mode prod refuses: the schema is not told to whoever asks",
    ]);
  });

  it("asks nothing of Kafka where events do not go by it, and refuses a local bus with real infrastructure", () => {
    expect(readDeployMode({ ...SAFE, SOMA_EVENT_BUS: "hold", SOMA_KAFKA_TLS: "" })).toBe("prod");
    const local = { DEPLOY_MODE: "dev_prod", USE_REAL_INFRA: "true", SOMA_EVENT_BUS: "local" };
    expect(faultsOf(() => readDeployMode(local))[0]).toMatch(/^SOMA_EVENT_BUS is local, which mode dev_prod refuses: /);
    expect(readDeployMode({ ...local, USE_REAL_INFRA: "false" })).toBe("dev_prod");
  });

  it("refuses another mode where a command has one alone", () => {
    expect(readDeployMode({}, { only: "dev_full" })).toBe("dev_full");
    expect(faultsOf(() => readDeployMode(SAFE, { only: "dev_full" }))[0]).toMatch(
      /^DEPLOY_MODE is prod, and this command runs dev_full alone/,
    );
  });
});

it("REFUSALS allow one of the values at most of what is off or on, and say why in words that follow a colon", () => {
  for (const { env, why, allows } of REFUSALS) {
    expect([env, /^[a-z].*[^.]$/.test(why)]).toEqual([env, true]);
    expect([env, allows.test("false") || allows.test("none")]).toEqual([env, false]);
  }
});
