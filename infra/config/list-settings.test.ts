import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { REFUSALS } from "@soma/shared/refusals";
import { describe, expect, it } from "vitest";
import { SUBGRAPHS as parts } from "../local/parts.ts";
import { defaultOf, JOBS, listSettings, PARTS, SUBGRAPHS } from "./list-settings.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const sources = globSync("{conf,gateway,graphql,infra,schemas,subgraphs}/**/*.{ts,js}", {
  cwd: root,
  exclude: (path) =>
    /node_modules|(^|\/)generated|\.test\.ts$|\.contract\.ts$|(^|\/)testing(\/|$)|sdk\/(samples|template)/.test(path),
}).map((path): [path: string, text: string] => [path, readFileSync(`${root}${path}`, "utf8")]);
const settings = listSettings();
const named = new Map(settings.map((setting) => [setting.env, setting]));

/** What is read of the environment, and is no setting of the product. */
const NO_SETTINGS: Readonly<Record<string, string>> = {
  ...{ SOMA_URL: "which product the command line means", SOMA_TOKEN: "the token it sends" },
  ...{ SOMA_GLOBAL_ENV: "where infra/generate-global-env.sh writes" },
  ...{ RELEASE_VALUES: "a release", RELEASE_URL: "a release", RELEASE_CANARY: "a release", DRY_RUN: "a release" },
  CANARY_TRAFFIC: "a release",
  ...{ SOMA_TEST_CHROMIUM: "tests", SOMA_TEST_DATABASE_URL: "tests", SOMA_TEST_KAFKA_BROKERS: "tests" },
  ...{ SOMA_TEST_REDIS_URL: "tests", OPA_BIN: "the build of the policy" },
  ...{
    OTEL_METRICS_EXPORTER: "OpenTelemetry",
    OTEL_LOGS_EXPORTER: "OpenTelemetry",
    OTEL_TRACES_EXPORTER: "OpenTelemetry",
  },
  ...{ APOLLO_TELEMETRY_DISABLED: "set, and not read, so that a library is silent" },
  ...{ SOURCE_DATE_EPOCH: "who builds images", PATH: "the system", COLUMNS: "the terminal" },
  ...{ DISPLAY: "the desktop", WAYLAND_DISPLAY: "the desktop", BROWSER: "the desktop" },
};

describe("listSettings()", () => {
  it("lists every name that the code reads of the environment", () => {
    const read = /\benv(?:\.|\[")([A-Z][A-Z0-9_]+)\b|"((?:SOMA|OTEL)_[A-Z0-9_]+)"/g;
    const found = sources.flatMap(([path, text]) =>
      [...text.matchAll(read)].map(([, of = "", literal = ""]) => ({ path, name: of || literal })),
    );
    expect(found.length).toBeGreaterThan(60);
    expect(found.filter(({ name }) => !named.has(name) && !(name in NO_SETTINGS))).toEqual([]);
    const names = new Set(found.map(({ name }) => name));
    expect(Object.keys(NO_SETTINGS).filter((name) => !names.has(name))).toEqual([]);
  });

  it("lists nothing that is only declared: somebody uses the value, or it is refused by it", () => {
    const refused = new Set(REFUSALS.map(({ env }) => env));
    const text = sources.map(([, each]) => each).join("\n");
    const uses = (key: string): number => [...text.matchAll(new RegExp(`\\b${key}\\b`, "g"))].length;
    // Who uses keys that a setting holds, uses those that a file holds instead.
    const instead = new Set(settings.map(({ inFile }) => inFile));
    const unused = settings.filter(
      ({ env, keys }) =>
        !refused.has(env) &&
        !instead.has(env) &&
        !keys.every((key) => uses(key) > 1 || (key.startsWith("url of ") && uses("urls") > 1)),
    );
    expect(unused.map(({ env }) => env)).toEqual([]);
  });

  it("asks each declaration that stands in the sources", () => {
    const declared = sources.flatMap(([, text]) =>
      [...text.matchAll(/\benv: "([A-Z_]+)",\s+doc:/g)].map(([, env]) => env),
    );
    expect(declared.length).toBeGreaterThan(50);
    expect(declared.filter((env) => !named.has(env ?? ""))).toEqual([]);
  });

  it("knows every part, and says of each setting what it is for and who reads it", () => {
    expect(SUBGRAPHS.toSorted()).toEqual(Object.keys(parts).toSorted());
    const known = new Set<string>([...PARTS, ...JOBS, "enricher", "npm start"]);
    for (const { env, doc, readBy } of settings) {
      expect([env, /^[a-zA-Z].*[^.]$/.test(doc)]).toEqual([env, true]);
      expect(readBy.filter((reader) => !known.has(reader))).toEqual([]);
    }
  });
});

it("REFUSALS take for unset what the setting declares, and refuse no part that does not read it", () => {
  for (const { env, unset, parts: refusedTo = [] } of REFUSALS) {
    const setting = named.get(env);
    const readBy: readonly string[] = setting?.readBy ?? [];
    expect([env, setting && "default" in setting ? defaultOf(setting) : ""]).toEqual([env, unset]);
    expect([env, refusedTo.filter((part) => !readBy.includes(part))]).toEqual([env, []]);
  }
});
