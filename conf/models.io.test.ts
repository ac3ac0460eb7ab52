import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Type } from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModels } from "./models.ts";

const PROVIDERS = {
  rules: Type.Object({}),
  server: Type.Object({ baseUrl: Type.String() }),
  sdk: Type.Object({ options: Type.Optional(Type.Unknown()), providerOptions: Type.Optional(Type.Unknown()) }),
};
const TIMES = "timeoutsMs: { connect: 1, firstToken: 1, total: 1 }";
const A = `a: { provider: server, model: m, baseUrl: "http://a.example/v1", ${TIMES} }`;
const B = `b: { provider: rules, model: m, ${TIMES} }`;

describe("loadModels()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-models-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const load = async (yaml: string, roles?: string[]) => {
    await writeFile(join(folder, "models.yaml"), yaml);
    return loadModels(PROVIDERS, { folder: pathToFileURL(`${folder}/`), ...(roles === undefined ? {} : { roles }) });
  };
  /** The faults that a file is refused with, in order. */
  const faultsOf = async (profiles: string, more = "default: auto\nauto: [a]", roles?: string[]): Promise<string[]> => {
    const error = await load(`${more}\nprofiles: { ${profiles} }`, roles).then(
      () => new Error("no fault"),
      (reason: Error) => reason,
    );
    return error.message.split("\n  - ").slice(1);
  };

  it("takes a profile with everything it may have", async () => {
    const conf = await load(`
default: a
auto: [a, b]
profiles:
  a:
    provider: server
    model: m
    baseUrl: http://a.example/v1?api-version=1
    apiKeyFile: /run/secrets/a
    capabilities: { tools: true, json: false, vision: false, contextTokens: 8000, maxOutputTokens: 100 }
    params: { temperature: 0, topP: 1, maxOutputTokens: 7, seed: 1, stop: [END], reasoningEffort: low }
    price: { inputPerMillion: 0.15, cachedInputPerMillion: 0.075, outputPerMillion: 0.6, currency: USD }
    timeoutsMs: { connect: 1, firstToken: 75000, silence: 1, total: 1 }
    retry: { attempts: 2 }
    fallbacks: [b]
    maxConcurrent: 4
  b: { provider: rules, model: m, ${TIMES} }
roles: { clerk: { default: a, allow: [a, custom] } }
tenants: { acme: { allow: [b] } }
`);
    expect(conf.profiles.a).toMatchObject({ params: { seed: 1 }, price: { currency: "USD" }, fallbacks: ["b"] });
    expect(conf.roles?.clerk).toEqual({ default: "a", allow: ["a", "custom"] });
  });

  it("tells every fault of a file at once, each with its place", async () => {
    const faults = await faultsOf(
      `a: { provider: server, model: m, params: { topP: 2 }, price: { currency: usd, cachedInputPerMillion: 1e300 }, nonsense: 1, ${TIMES} },
       b: { provider: nobody, fallbacks: [zzz] }, c: 7`,
      "default: zz\nauto: [a, yy]\nroles: { clerk: { default: a, allow: [b] }, clrk: {} }",
      ["clerk"],
    );
    expect(faults).toEqual([
      "/profiles/a must have required property 'baseUrl'",
      "/profiles/a must NOT have additional properties (nonsense)",
      "/profiles/a/params/topP must be <= 1",
      "/profiles/a/price must have required property 'inputPerMillion'",
      "/profiles/a/price must have required property 'outputPerMillion'",
      "/profiles/a/price/cachedInputPerMillion must be <= 1000000",
      '/profiles/a/price/currency must match pattern "^[A-Z]{3}$"',
      '/profiles/b has provider "nobody"; there are rules, server, sdk',
      "/profiles/b must have required property 'model'",
      "/profiles/b must have required property 'timeoutsMs'",
      "/profiles/c must be object",
      "/profiles/b/fallbacks names a profile there is not: zzz",
      "/default names a profile there is not: zz",
      "/auto names a profile there is not: yy",
      "/roles/clerk/default is a, which its allow does not have",
      "/roles/clrk is no role of roles.yaml",
    ]);
  });

  it.each([
    [`a: { provider: rules, model: m, apiKey: sk-very-secret, ${TIMES} }`, "/profiles/a/apiKey holds a key"],
    [`a: { provider: rules, model: m, api_key: sk-very-secret, ${TIMES} }`, "/profiles/a/api_key holds a key"],
    [`a: { provider: rules, model: m, token: sk-very-secret, ${TIMES} }`, "/profiles/a/token holds a key"],
    [
      `a: { provider: rules, model: m, apiKeyEnv: sk-very-secret, ${TIMES} }`,
      "/profiles/a/apiKeyEnv is no name of an environment variable; it takes the name, never the key",
    ],
    [
      `a: { provider: server, model: m, baseUrl: "https://u:sk-very-secret@a.example", ${TIMES} }`,
      "/profiles/a/baseUrl holds a password or a key",
    ],
    [
      `a: { provider: server, model: m, baseUrl: "https://a.example?key=sk-very-secret", ${TIMES} }`,
      "/profiles/a/baseUrl holds a password or a key",
    ],
    [
      `a: { provider: server, model: m, baseUrl: "https://a.example?code=sk-very-secret", ${TIMES} }`,
      "/profiles/a/baseUrl holds a password or a key",
    ],
    [
      `a: { provider: server, model: m, baseUrl: "https://a.example?subscription-key=sk-very-secret", ${TIMES} }`,
      "/profiles/a/baseUrl holds a password or a key",
    ],
    [
      `a: { provider: sdk, model: m, options: { apiKey: sk-very-secret }, ${TIMES} }`,
      "/profiles/a/options holds a key at apiKey",
    ],
    [
      `a: { provider: sdk, model: m, options: { secretAccessKey: sk-very-secret }, ${TIMES} }`,
      "/profiles/a/options holds a key at secretAccessKey",
    ],
    [
      `a: { provider: sdk, model: m, options: { headers: { Authorization: sk-very-secret } }, ${TIMES} }`,
      "/profiles/a/options holds a key at headers/Authorization",
    ],
    [
      `a: { provider: sdk, model: m, providerOptions: { b: [{ x-api-key: sk-very-secret }] }, ${TIMES} }`,
      "/profiles/a/providerOptions holds a key at b/0/x-api-key",
    ],
    [
      `a: { provider: rules, model: m, apiKeyEnv: A, apiKeyFile: /a, ${TIMES} }`,
      "/profiles/a has an apiKeyEnv and an apiKeyFile",
    ],
  ])("refuses a key in the file, and repeats it nowhere: %s", async (profile, fault) => {
    const faults = await faultsOf(profile);
    expect(faults).toEqual([expect.stringContaining(fault)]);
    expect(faults.join()).not.toContain("very-secret");
  });

  it("keeps profiles that make vectors apart from those that chat", async () => {
    const vectors = `v: { provider: rules, model: m, embedding: { dimensions: 3 }, ${TIMES} }`;
    const conf = await load(`default: b\nauto: [b]\nembeddings: v\nprofiles: { ${B}, ${vectors} }`);
    expect([conf.embeddings, conf.profiles.v?.embedding]).toEqual(["v", { dimensions: 3 }]);
    const wrong = vectors.replace(
      "model: m",
      'model: "", fallbacks: [b], params: { seed: 1 }, capabilities: { json: true }',
    );
    const falls = B.replace("model: m", "model: m, fallbacks: [v]");
    const choices = "roles: { r: { default: v } }\ntenants: { t: { default: v, allow: [v] } }";
    expect(await faultsOf(`${falls}, ${wrong}`, `default: v\nauto: [b, v]\nembeddings: b\n${choices}`)).toEqual([
      "fallbacks go in a circle: v > b > v",
      "/default names v, which makes embeddings and cannot chat",
      "/auto names v, which makes embeddings and cannot chat",
      "/roles/r/default names v, which makes embeddings and cannot chat",
      "/tenants/t/default names v, which makes embeddings and cannot chat",
      "/embeddings names b, which makes none; give it embedding: { dimensions: ... }",
      "/profiles/b/fallbacks names v, which makes embeddings and cannot chat",
      "/profiles/v makes embeddings and has no fallbacks",
      "/profiles/v makes embeddings and has no params",
      "/profiles/v makes embeddings and has no capabilities",
      "/profiles/v/model is empty; one that makes embeddings is named",
    ]);
    expect(await faultsOf(B, "default: b\nauto: [b]\nembeddings: x")).toEqual([
      "/embeddings names a profile there is not: x",
    ]);
  });

  it("takes what is handed on with names that are like those of keys", async () => {
    const options = "options: { region: r, maxTokens: 1 }, providerOptions: { openai: { promptCacheKey: a } }";
    expect(await faultsOf(`a: { provider: sdk, model: m, ${options}, ${TIMES} }`)).toEqual([]);
  });

  it("says where parameters stand that stood beside the model", async () => {
    expect(await faultsOf(`a: { provider: rules, model: m, temperature: 0, ${TIMES} }`)).toEqual([
      "/profiles/a/temperature stands in params now: params: { temperature: ... }",
    ]);
  });

  it("refuses fallbacks in a circle, each circle once", async () => {
    const profile = (name: string, ...fallbacks: string[]) =>
      `${name}: { provider: rules, model: m, fallbacks: [${fallbacks}], ${TIMES} }`;
    expect(
      await faultsOf([profile("a", "b"), profile("b", "c"), profile("c", "a"), profile("d", "d", "a")].join()),
    ).toEqual(["fallbacks go in a circle: c > a > b > c", "fallbacks go in a circle: d > d"]);
    expect(await faultsOf([profile("a", "b", "c"), profile("b", "c"), profile("c")].join())).toEqual([]);
  });

  it.each(["a: [", "- 1", "", "default: auto\nprofiles: 3"])("refuses %j, by its name", async (yaml) => {
    await expect(load(yaml)).rejects.toThrow(/models\.yaml has faults:\n {2}- /);
  });

  it("takes roles as they come where it is not told which there are", async () => {
    const file = `default: auto\nauto: [a]\nroles: { anyone: { allow: [b] } }\nprofiles: { ${A}, ${B} }`;
    expect((await load(file)).roles).toEqual({ anyone: { allow: ["b"] } });
    await expect(load(file, ["clerk"])).rejects.toThrow("/roles/anyone is no role of roles.yaml");
  });
});
