import { describe, expect, test } from "vitest";
import provider from "./provider.ts";

const timeoutsMs = { connect: 60_000, firstToken: 60_000, total: 60_000 };
const look = (profile: object, env: Record<string, string> = {}) =>
  provider.look({
    ...{ name: "mine", env, fetch, named: true },
    profile: { provider: "ai-sdk", model: "m", timeoutsMs, package: "@ai-sdk/anthropic", ...profile } as never,
  });

describe("the provider ai-sdk", () => {
  test("is used when its package is installed and its key is set, without loading either", async () => {
    const found = await look({ apiKeyEnv: "KEY" }, { KEY: "secret" });
    expect(found).toMatchObject({ usable: true, why: "KEY is set, so m of @ai-sdk/anthropic is used" });
    expect(found.usable && found.client).toMatchObject({ profile: "mine", provider: "ai-sdk", model: "m", isAi: true });
    expect(await look({})).toMatchObject({ usable: true, why: "m of @ai-sdk/anthropic is used" });
  });

  test.each<[string, object, string]>([
    ["a key that is not set", { apiKeyEnv: "KEY" }, "KEY is not set"],
    [
      "options that are not set",
      { optionsEnv: { region: "REGION", secretAccessKey: "SECRET" } },
      "REGION, SECRET is not set",
    ],
    ["no model", { model: "" }, "it names no model"],
    ["an address that is none", { baseUrl: "ftp://a" }, "begins with ftp:"],
    [
      "a package that is not there",
      { package: "@ai-sdk/nowhere" },
      "the package @ai-sdk/nowhere is not installed; npm install @ai-sdk/nowhere",
    ],
  ])("cannot be used with %s, and says so", async (_name, profile, why) => {
    expect(await look(profile)).toEqual({ usable: false, why: expect.stringContaining(why) });
  });

  test("names a package that is none of the AI SDK when it is asked", async () => {
    const found = await look({ package: "eventsource-parser" });
    if (!found.usable) throw new Error(found.why);
    const asking = found.client.chat({ messages: [], tools: [] }, new AbortController().signal)[Symbol.asyncIterator]();
    await expect(asking.next()).rejects.toMatchObject({
      code: "MODEL_REFUSED",
      message: expect.stringContaining("the package eventsource-parser is none of the AI SDK"),
    });
  });
});
