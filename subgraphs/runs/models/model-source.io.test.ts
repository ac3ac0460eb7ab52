import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createLog } from "@soma/shared/log";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLook } from "./follow-models.ts";
import { ModelError } from "./model-error.ts";
import { createModelSource, type ModelSource } from "./model-source.ts";

const WHO = { tenant: "acme", role: "clerk" };
const LIMITS = { firstTokenMs: 0, silenceMs: 0, totalMs: 0 };
const scripted = (name: string, more = "") =>
  `${name}: { provider: scripted, model: ${name}-1, timeoutsMs: { connect: 1, firstToken: 1, total: 1 }${more} }`;
const server = (name: string, more: string) =>
  `${name}: { provider: openai-compatible, model: m, baseUrl: "http://127.0.0.1:9/v1", timeoutsMs: { connect: 1, firstToken: 1, total: 1 }${more} }`;

describe("a model source", () => {
  let folder: string;
  let confDir: URL;
  let lines: Record<string, unknown>[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-source-"));
    confDir = pathToFileURL(`${folder}/`);
    lines = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (profiles: string[], more = "") =>
    writeFile(
      join(folder, "models.yaml"),
      `default: one\nauto: [one]\n${more}\nprofiles:\n${profiles.map((each) => `  ${each}\n`).join("")}`,
    );
  const open = (env = {}, more = {}): Promise<ModelSource> =>
    createModelSource({ confDir, env, settings: { modelProfile: "", ...LIMITS, ...more }, roles: ["clerk"] });
  const log = createLog({
    level: "info",
    service: "test",
    destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
  });
  const errorOf = (asking: Promise<unknown>) =>
    asking.then(
      () => undefined,
      (error: unknown) => error,
    );

  test("opens a profile for who may use it, and says to others why not", async () => {
    await write([scripted("one"), scripted("two")], "roles: { clerk: { allow: [two] } }");
    const source = await open();
    expect(source.pick(WHO, undefined)).toBe("two");
    expect(await source.open("two", WHO)).toMatchObject({ profile: "two", model: "two-1" });
    expect(await source.open("two", WHO)).toBe(await source.open("two", WHO));
    expect(await errorOf(source.open("one", WHO))).toMatchObject({
      code: "MODEL_REFUSED",
      message: 'role "clerk" may not use model profile "one"; it may use two',
    });
  });

  test("waits for a server that is away, and fails at once for what a person has to mend", async () => {
    const away = server("away", "").replace("model: m", 'model: ""');
    await write([scripted("one"), away, server("keyless", ", apiKeyEnv: NO_SUCH_KEY")]);
    const source = await open();
    expect(await errorOf(source.open("away", WHO))).toMatchObject({ code: "UNAVAILABLE", isOfProfile: false });
    expect(await errorOf(source.open("keyless", WHO))).toMatchObject({
      code: "MODEL_REFUSED",
      isOfProfile: true,
      message: 'model profile "keyless" cannot be used: NO_SUCH_KEY is not set',
    });
  });

  const vectors = (dimensions: number) => `, embedding: { dimensions: ${dimensions} }`;
  test("opens what makes vectors by its name, or as models.yaml names it, and never to chat", async () => {
    await write(
      [scripted("one"), scripted("v", vectors(8)), scripted("w", vectors(4)), server("r", vectors(4))],
      "embeddings: v\ntenants: { guests: { allow: [one] } }",
    );
    const source = await open();
    const signal = new AbortController().signal;
    for (const [name, dimensions] of [
      [undefined, 8],
      ["w", 4],
    ] as const) {
      const client = await source.openEmbeddings(name, WHO);
      expect(client).toMatchObject({ profile: name ?? "v", dimensions, isAi: false });
      expect((await client.embed(["a", "b"], signal)).vectors.map(({ length }) => length)).toEqual([
        dimensions,
        dimensions,
      ]);
    }
    const asked: string[] = [];
    const wrapped = await source.openEmbeddings("w", WHO, (client) => {
      asked.push(client.profile);
      return client;
    });
    expect([asked, wrapped.terms]).toEqual([["w"], { price: undefined }]);
    expect(() => source.pick(WHO, "v")).toThrow('there is no model profile "v"; known: one');
    expect(await errorOf(source.open("v", WHO))).toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    expect(await source.look("v")).toMatchObject({ usable: true, why: expect.stringContaining("words alone") });
    const guest = { ...WHO, tenant: "guests" };
    const refusals: [string, typeof WHO, string][] = [
      ["v", guest, 'tenant "guests" may not use model profile "v"; it may use one'],
      ["one", WHO, 'model profile "one" makes no embeddings; give it embedding: { dimensions: ... } in models.yaml'],
    ];
    for (const [name, who, message] of refusals) {
      const error = await errorOf(source.openEmbeddings(name, who));
      expect(error).toMatchObject({ code: "MODEL_REFUSED", isOfProfile: true, message });
    }
  });

  test("refuses vectors of words alone where they have to be of a model", async () => {
    await write([scripted("one"), scripted("v", vectors(8))]);
    const source = await open({}, { realEmbeddings: true });
    expect(await errorOf(source.openEmbeddings("v", WHO))).toMatchObject({
      ...{ code: "MODEL_REFUSED", isOfProfile: true },
      message: 'model profile "v" makes vectors of words alone, and ENABLE_REAL_EMBEDDINGS is true',
    });
  });

  test("has runs wait for a profile of vectors that is not in the file any more, and go on when it is", async () => {
    await write([scripted("one"), scripted("v", vectors(8))]);
    const source = await open();
    expect(await source.openEmbeddings("v", WHO)).toMatchObject({ profile: "v" });
    await write([scripted("one")]);
    await source.reload();
    expect(await errorOf(source.openEmbeddings("v", WHO))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: 'model profile "v" is not in models.yaml; put it there, or cancel the run',
    });
    await write([scripted("one"), scripted("v", vectors(8))]);
    await source.reload();
    expect(await source.openEmbeddings("v", WHO)).toMatchObject({ profile: "v" });
  });

  test("says that no model makes vectors, that a provider makes none, or that its server is away", async () => {
    const responses = server("r", vectors(4)).replace("openai-compatible", "openai-responses");
    const keyless = server("k", `${vectors(4)}, apiKeyEnv: NO_SUCH_KEY`);
    await write([scripted("one"), responses, keyless, server("away", vectors(4))]);
    const source = await open();
    expect(await errorOf(source.openEmbeddings(undefined, WHO))).toMatchObject({
      message: "no model makes embeddings: models.yaml names no profile for it, as embeddings: NAME",
    });
    for (const [name, code, why] of [
      ["r", "MODEL_REFUSED", "its provider openai-responses makes no embeddings"],
      ["k", "MODEL_REFUSED", "NO_SUCH_KEY is not set"],
      ["away", "UNAVAILABLE", "no server answers at http://127.0.0.1:9/v1"],
    ] as const)
      expect(await errorOf(source.openEmbeddings(name, WHO))).toMatchObject({
        ...{ code, isOfProfile: code === "MODEL_REFUSED", message: `model profile "${name}" cannot be used: ${why}` },
      });
  });

  test("takes a changed file once it stands still, for new runs and for the next calls", async () => {
    await write([scripted("one"), scripted("two"), scripted("three")]);
    const source = await open();
    const look = createLook({ source, confDir, log });
    const [one, two] = [await source.open("one", WHO), await source.open("two", WHO)];
    await look();
    await write([scripted("one"), scripted("two").replace("two-1", "two-2")], "tenants: { acme: { default: two } }");
    await look();
    expect(source.pick(WHO, undefined)).toBe("one");
    await look();
    expect(source.pick(WHO, undefined)).toBe("two");
    expect(await source.open("two", WHO)).toMatchObject({ model: "two-2" });
    // What is as it was keeps what it has found out.
    expect(await source.open("one", WHO)).toBe(one);
    expect(two.model).toBe("two-1");
    expect(lines.map(({ msg }) => msg)).toEqual(["models.yaml is loaded again"]);
    expect(() => source.pick(WHO, "three")).toThrow('there is no model profile "three"; known: one, two');
    expect(await errorOf(source.open("three", WHO))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: 'model profile "three" is not in models.yaml; put it there, or cancel the run',
    });
  });

  test("tells of a broken file once, and goes on with what was there until it is mended", async () => {
    await write([scripted("one"), scripted("two")]);
    const source = await open();
    const look = createLook({ source, confDir, log });
    for (const broken of ["profiles: [", "default: nobody\nauto: [one]\nprofiles: {}", "default: one"]) {
      lines.splice(0);
      await writeFile(join(folder, "models.yaml"), broken);
      for (let looks = 0; looks < 4; looks += 1) await look();
      expect(lines).toMatchObject([{ msg: "models.yaml cannot be taken; what was there before goes on", level: 50 }]);
      expect(await source.open("two", WHO)).toMatchObject({ model: "two-1" });
    }
    await write([scripted("one")]);
    await look();
    await look();
    expect(Object.keys(source.conf.profiles)).toEqual(["one"]);
  });

  test("takes what changes while it takes a change, and what it could not take while a server was away", async () => {
    await write([scripted("one")]);
    const source = await open();
    let meanwhile = async (): Promise<void> => {};
    const reload = async (): Promise<void> => {
      await source.reload();
      await meanwhile();
    };
    const slow: ModelSource = Object.create(source, { reload: { value: reload } });
    const look = createLook({ source: slow, confDir, log });
    const lookTwice = async (): Promise<void> => look().then(look);
    meanwhile = () => write([scripted("one"), scripted("two"), scripted("three")]);
    await write([scripted("one"), scripted("two")]);
    await lookTwice();
    await lookTwice();
    expect(Object.keys(source.conf.profiles)).toEqual(["one", "two", "three"]);

    lines.splice(0);
    meanwhile = () => Promise.reject(new ModelError("UNAVAILABLE", "no server answers"));
    await write([scripted("one")]);
    await lookTwice();
    await look();
    expect(lines).toMatchObject([{ msg: "models.yaml cannot be taken; what was there before goes on" }]);
    meanwhile = async () => {};
    await look();
    expect(lines).toMatchObject([{ level: 50 }, { msg: "models.yaml is loaded again" }]);
  });

  test("takes a key that changes in its file, and logs none", async () => {
    const key = join(folder, "key");
    await writeFile(key, "first-secret");
    await write([scripted("one"), server("two", `, apiKeyFile: ${key}`)]);
    const source = await open();
    const look = createLook({ source, confDir, log });
    const before = await source.open("two", WHO);
    await writeFile(key, "second-secret");
    await look();
    await look();
    expect(await source.open("two", WHO)).not.toBe(before);
    expect(JSON.stringify(lines)).not.toMatch(/(first|second)-secret/);
    expect(lines).toHaveLength(1);
  });
});
