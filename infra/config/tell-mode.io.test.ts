import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tellMode } from "./tell-mode.ts";

describe("tellMode()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-tell-mode-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const told = (name: string, args: readonly string[], env: Record<string, string> = {}) =>
    tellMode(args, env).settings.find((setting) => setting.name === name);

  it("says of each setting its value and where that comes from, and of a secret none", () => {
    const prod = ["--mode", "prod"];
    expect(told("JWT_ENABLED", prod)).toEqual({ name: "JWT_ENABLED", value: "true", source: "modes/prod.yaml" });
    expect(told("SOMA_LOG_LEVEL", prod, { SOMA_LOG_LEVEL: "warn" })).toMatchObject({
      ...{ value: "warn", source: "the environment" },
    });
    expect(told("SOMA_WORKER_SLOTS", prod)).toMatchObject({ value: "64", source: "default" });
    expect(told("DATABASE_URL", prod)).toMatchObject({
      ...{ value: null, source: "kept in secret soma-database/request-url, not set here" },
    });
    expect(told("SOMA_USER_VERIFY_KEY", prod, { SOMA_USER_VERIFY_KEY: '{"kty":"OKP"}' })).toMatchObject({
      ...{ value: null, source: "set by the environment, and not shown" },
    });
    expect(told("SOMA_MODEL_API_KEY", prod)).toMatchObject({ value: null, source: "not set" });
    expect(told("DATABASE_URL", [])).toMatchObject({ value: null, source: "npm start knows it" });
  });

  it("takes the mode of DEPLOY_MODE, and tells what that refuses of an environment", () => {
    expect(tellMode([], {})).toMatchObject({ mode: "dev_full", faults: [], lacks: {}, files: [] });
    const { faults, lacks, files } = tellMode([], {
      DEPLOY_MODE: "prod_ha",
      SOMA_KAFKA_TLS: "off",
      REPLICA_COUNT: "0",
    });
    expect(faults).toEqual([
      "SOMA_KAFKA_TLS is off, which mode prod_ha refuses: events would go over the network unencrypted",
      expect.stringMatching(/^REPLICA_COUNT: "0" is not a whole number from 1 to 1000; /),
      "SOMA_KAFKA_CA_FILE is set, and SOMA_KAFKA_TLS is off",
    ]);
    expect(lacks.SOMA_GATEWAY_REDIS_URL).toBe("soma-redis/url");
    expect(files.map((fault) => fault.split(":", 1)[0])).toContain("SOMA_KAFKA_SASL_PASSWORD_FILE");
  });

  it("needs no key where a file of keys or an issuer stands in its place, and looks into the file", async () => {
    const [here, gone] = [join(folder, "internal-private.json"), join(folder, "decision-private.json")];
    await writeFile(here, '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"","d":""}]}');
    const env = {
      DEPLOY_MODE: "prod",
      SOMA_INTERNAL_SIGNING_KEY_FILE: here,
      SOMA_DECISION_SIGNING_KEY_FILE: gone,
      SOMA_OIDC_JWKS_URL: "https://login.example.com/keys",
      SOMA_OIDC_ISSUER: "https://login.example.com",
      SOMA_OIDC_AUDIENCE: "soma",
    };
    const { faults, lacks, files } = tellMode([], env);
    expect(faults).toEqual([]);
    expect(files).toEqual(expect.arrayContaining([expect.stringContaining(`"${gone}" cannot be read: ENOENT`)]));
    expect(Object.keys(lacks)).toEqual(expect.arrayContaining(["SOMA_INTERNAL_VERIFY_KEY", "DATABASE_URL"]));
    const instead = {
      SOMA_INTERNAL_SIGNING_KEY: "SOMA_INTERNAL_SIGNING_KEY_FILE",
      SOMA_USER_VERIFY_KEY: "SOMA_OIDC_JWKS_URL",
    };
    for (const [name, other] of Object.entries(instead)) {
      expect(lacks[name]).toBeUndefined();
      expect(told(name, [], env)).toEqual({ name, value: null, source: `${other} stands in its place` });
    }
    expect(
      tellMode([], { ...env, SOMA_INTERNAL_SIGNING_KEY_FILE: "", SOMA_INTERNAL_VERIFY_KEY_FILE: here }).faults,
    ).toEqual([
      `SOMA_INTERNAL_VERIFY_KEY_FILE: "${here}" cannot be taken: its text has a private key where the other one of the pair is needed`,
    ]);
    const both = { SOMA_INTERNAL_SIGNING_KEY: '{"kty":"OKP","d":""}', SOMA_INTERNAL_SIGNING_KEY_FILE: "/keys.json" };
    expect(tellMode([], { DEPLOY_MODE: "prod", ...both }).faults).toEqual([
      "SOMA_INTERNAL_SIGNING_KEY and SOMA_INTERNAL_SIGNING_KEY_FILE are both set; keep one of them",
    ]);
  });

  it("looks at an env file alone, and finds what nothing reads and what is of another mode", async () => {
    const file = join(folder, "mine.env");
    await writeFile(file, "DEPLOY_MODE=dev_prod\nSOMA_KAFKA_TSL=on\n");
    const { faults } = tellMode(["--mode", "prod", "--file", file], { JWT_ENABLED: "false" });
    expect(faults).toEqual([
      "DEPLOY_MODE is dev_prod, and the mode asked for is prod",
      "SOMA_KAFKA_TSL is no setting: nothing reads it",
    ]);
    expect(() => tellMode(["--mode", "production"], {})).toThrow("there is no mode production; there are dev_full");
  });
});
