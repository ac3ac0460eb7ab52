import { readFileSync } from "node:fs";
import { loadMode, type Mode, plainOf, secretsOf } from "@soma/conf/modes";
import { faultsOf, readYaml } from "@soma/conf/read-conf";
import { DEPLOY_MODES, type DeployMode, PRODUCTION } from "@soma/schemas/deploy-modes";
import { findRefused } from "@soma/shared/refusals";
import { describe, expect, it } from "vitest";
import { toConfigFiles } from "./config-files.ts";
import { parseEnvText } from "./env-text.ts";
import { inRelease } from "./to-helm.ts";

const root = new URL("../../", import.meta.url);
const chart = "infra/helm/soma-stack/";
const OVERLAYS = { dev_prod: "dev", prod: "prod", prod_ha: "prod-ha" } as const;
const text = (path: string): string => readFileSync(new URL(path, root), "utf8");

interface Values {
  global: {
    mode: string;
    env: Record<string, string>;
    secretEnv: Record<string, { name: string; key: string; parts: string[] }>;
    cluster: Mode["cluster"];
  };
}

const overlay = (mode: keyof typeof OVERLAYS): Values =>
  readYaml(new URL(`${chart}${OVERLAYS[mode]}-values.yaml`, root)) as Values;
const { $schema: _draft, ...schema } = JSON.parse(text(`${chart}values.schema.json`)) as Record<string, unknown>;
const valuesFaults = (values: unknown): string[] => faultsOf(schema as never, values, "the values");

/** A mode with one setting changed, beside the modes as they are. */
function changed(name: DeployMode, settings: Mode["settings"]) {
  return (mode: DeployMode): Mode => {
    const loaded = loadMode(mode);
    return mode === name ? { ...loaded, settings: { ...loaded.settings, ...settings } } : loaded;
  };
}

describe("toConfigFiles()", () => {
  it("gives the files that stand in the project, to the byte", () => {
    for (const [path, made] of toConfigFiles()) expect([path, made === text(path)]).toEqual([path, true]);
  });

  it("gives others when a default of a mode changes, wherever it is written down", () => {
    const before = toConfigFiles();
    const after = toConfigFiles(changed("dev_prod", { SOMA_METRICS_PORT: 9_999 }));
    const differs = [...after].filter(([path, made]) => before.get(path) !== made).map(([path]) => path);
    expect(differs).toEqual([
      "infra/env/dev_prod.env",
      "infra/compose/compose.env",
      `${chart}dev-values.yaml`,
      "docs/operator/configuration.md",
    ]);
  });

  it.each(DEPLOY_MODES)("gives %s the same settings by env file and by Helm", (name) => {
    const plain = plainOf(loadMode(name));
    expect(parseEnvText(text(`infra/env/${name}.env`))).toEqual(plain);
    if (name === "dev_full") return;
    const { global } = overlay(name);
    const inItsRelease = Object.entries(plain).map(([env, value]) => [env, inRelease(value)]);
    expect(global).toMatchObject({ mode: name, env: Object.fromEntries(inItsRelease) });
    expect(global.cluster).toEqual(loadMode(name).cluster);
    const kept = Object.entries(global.secretEnv).map(([env, { name: secret, key }]) => [env, `${secret}/${key}`]);
    expect(Object.fromEntries(kept)).toEqual(secretsOf(loadMode(name)));
  });

  it("calls the parts of a release by their names in it, and changes no other value", () => {
    expect(inRelease("http://runs:4701/graphql")).toBe("http://{{ .Release.Name }}-runs:4701/graphql");
    for (const value of ["http://otel-collector:4318", "kafka:9093", "https://runs:4701/graphql", "true"])
      expect(inRelease(value)).toBe(value);
  });

  it("gives compose what dev_prod has", () => {
    expect(parseEnvText(text("infra/compose/compose.env"))).toEqual(plainOf(loadMode("dev_prod")));
  });

  it.each(PRODUCTION)("refuses, by name and in the words of a start, what weakens %s", (name) => {
    const weak = { MTLS_ENABLED: false, SOMA_KAFKA_TLS: "off", JWT_ENABLED: false };
    const words = findRefused(
      { ...plainOf(loadMode(name)), ...plainOf({ mode: name, settings: weak }) },
      { mode: name },
    );
    expect(words).toHaveLength(3);
    expect(() => toConfigFiles(changed(name, weak))).toThrow(words.map((fault) => `  - ${name}: ${fault}`).join("\n"));
  });

  it("takes a mode whose keys stand in files, or whose callers are known by an issuer, and none that says both", () => {
    const { settings, ...prod } = loadMode("prod");
    const { SOMA_INTERNAL_SIGNING_KEY: _own, SOMA_USER_VERIFY_KEY: _user, ...others } = settings;
    const file = "/run/secrets/soma/internal-private.json";
    const elsewhere = {
      ...{ SOMA_INTERNAL_SIGNING_KEY_FILE: file, SOMA_OIDC_JWKS_URL: "https://login.example.com/keys" },
      ...{ SOMA_OIDC_ISSUER: "https://login.example.com", SOMA_OIDC_AUDIENCE: "soma" },
    };
    const load = (name: DeployMode): Mode =>
      name === "prod" ? { ...prod, settings: { ...others, ...elsewhere } } : loadMode(name);
    const values = toConfigFiles(load).get(`${chart}prod-values.yaml`);
    expect(values).toContain(`    SOMA_INTERNAL_SIGNING_KEY_FILE: "${file}"\n`);
    expect(values).not.toMatch(/SOMA_(?:INTERNAL_SIGNING|USER_VERIFY)_KEY:/);
    expect(() => toConfigFiles(changed("prod", elsewhere))).toThrow(
      "modes/prod.yaml sets SOMA_INTERNAL_SIGNING_KEY and SOMA_INTERNAL_SIGNING_KEY_FILE; keep one of them",
    );
    const { global } = overlay("prod");
    const { SOMA_INTERNAL_SIGNING_KEY: _kept, ...secretEnv } = global.secretEnv;
    const env = { ...global.env, SOMA_INTERNAL_SIGNING_KEY_FILE: file };
    expect(valuesFaults({ global: { ...global, env, secretEnv } })).toEqual([]);
    expect(valuesFaults({ global: { ...global, env } })).not.toEqual([]);
  });

  it("refuses a setting that nothing reads, a secret that is written down, and a value that cannot be read", () => {
    const make = (settings: Mode["settings"]) => () => toConfigFiles(changed("prod", settings));
    expect(make({ SOMA_KAFKA_TSL: "on" })).toThrow("modes/prod.yaml sets SOMA_KAFKA_TSL, which nothing reads");
    expect(make({ DATABASE_URL: "postgres://a/b" })).toThrow("holds a value of DATABASE_URL, which is secret");
    expect(make({ SOMA_WORKER_SLOTS: 0 })).toThrow('SOMA_WORKER_SLOTS: "0" is not a whole number');
    expect(make({ SOMA_GATEWAY_REDIS_URL: "" })).toThrow("REPLICA_COUNT is 2, and SOMA_GATEWAY_REDIS_URL is not set");
  });
});

describe("the schema of the Helm values", () => {
  it.each(["dev_prod", "prod", "prod_ha"] as const)("takes the overlay of %s", (name) => {
    expect(valuesFaults(overlay(name))).toEqual([]);
  });

  it("takes no values without an overlay, no setting there is not, and no secret", () => {
    const { global } = overlay("prod");
    expect(valuesFaults(readYaml(new URL(`${chart}values.yaml`, root)))).not.toEqual([]);
    for (const env of [{ SOMA_KAFKA_TSL: "on" }, { DATABASE_URL: "postgres://a/b" }, { REPLICA_COUNT: 2 }])
      expect([env, valuesFaults({ global: { ...global, env: { ...global.env, ...env } } }).length > 0]).toEqual([
        env,
        true,
      ]);
  });

  it("leaves it to the templates to say what a mode refuses, in the words of a start", () => {
    const { global } = overlay("prod");
    expect(valuesFaults({ global: { ...global, env: { ...global.env, MTLS_ENABLED: "false" } } })).toEqual([]);
    expect(text("infra/helm/soma-lib/templates/_tables.tpl")).toContain(
      "MTLS_ENABLED is <value>, which mode <mode> refuses",
    );
  });
});
