import { loadModels, type ModelsConf } from "@soma/conf/models";
import { afterEach, describe, expect, test } from "vitest";
import { type ChooseModelParams, chooseModel as choose, look } from "./choose-model.ts";
import { loadProviders, settingsOf } from "./load-providers.ts";
import { collect } from "./testing/collect.ts";
import { type OpenAiServer, scriptedAnswer, startOpenAiServer } from "./testing/openai-server.ts";

const KEY = "sk-secret-key-0123456789";
const servers: OpenAiServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function startServer(options: { models?: string[]; apiKey?: string } = {}): Promise<OpenAiServer> {
  const server = await startOpenAiServer({ answer: scriptedAnswer, ...options });
  servers.push(server);
  return server;
}

/** A fetch that knows only these addresses, and remembers which it was asked for. */
function knowing(answers: Record<string, () => Response | Promise<Response>>): typeof fetch & { asked: string[] } {
  const asked: string[] = [];
  const send: typeof fetch = async (input) => {
    asked.push(String(input));
    const answer = answers[String(input)];
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer();
  };
  return Object.assign(send, { asked });
}

const listing =
  (...ids: string[]) =>
  (): Response =>
    Response.json({ object: "list", data: ids.map((id) => ({ id })) });
const providers = await loadProviders();
const models = loadModels(settingsOf(providers));
const chooseModel = (params: Omit<ChooseModelParams, "providers" | "limits"> & Partial<ChooseModelParams>) =>
  choose({ limits: {}, ...params, providers });
const OLLAMA = "http://127.0.0.1:11434/v1/models";
const LLAMACPP = "http://127.0.0.1:8080/v1/models";

describe("chooseModel() by models.yaml as it is shipped", () => {
  test("takes the scripted model where there is nothing else, and says so", async () => {
    const { client, reason, tried } = await chooseModel({ models, env: {}, fetch: knowing({}) });
    expect(client).toMatchObject({ profile: "scripted", provider: "scripted", model: "scripted-1", isAi: false });
    expect(reason).toBe(
      "openai, ollama, lmstudio, vllm, llamacpp cannot be used; the scripted model needs nothing; it is a set of rules, not an AI",
    );
    expect(tried.map(({ profile, usable }) => [profile, usable])).toEqual([
      ...models.auto.slice(0, 5).map((name) => [name, false]),
      ["scripted", true],
    ]);
    expect(tried.slice(0, 2).map(({ why }) => why)).toEqual([
      "OPENAI_API_KEY is not set",
      "no server answers at http://127.0.0.1:11434/v1",
    ]);
  });

  test("takes a key before a server of this machine, without asking anyone about it, and shows it to nobody", async () => {
    const send = knowing({ [OLLAMA]: listing("llama") });
    const choice = await chooseModel({ models, env: { OPENAI_API_KEY: ` ${KEY}\n` }, fetch: send });
    expect(choice.client).toMatchObject({ profile: "openai", model: "gpt-4o-mini", isAi: true });
    expect(choice.reason).toBe("OPENAI_API_KEY is set, so gpt-4o-mini at https://api.openai.com/v1 is used");
    expect(send.asked.some((url) => url.includes("openai.com"))).toBe(false);
    expect(JSON.stringify(choice)).not.toContain(KEY);
  });

  test("takes the first server of the list, whichever answers first, with its first model that can chat", async () => {
    const second = Promise.withResolvers<void>();
    const last = async () => {
      await second.promise;
      return listing("nomic-embed-text", "llama3.2", "mistral")();
    };
    const first = () => {
      second.resolve();
      return listing("x")();
    };
    const { client, reason, tried } = await chooseModel({
      models,
      env: {},
      fetch: knowing({ [LLAMACPP]: first, [OLLAMA]: last }),
    });
    expect(client).toMatchObject({ profile: "ollama", provider: "openai-compatible", model: "llama3.2" });
    expect(reason).toBe("openai cannot be used; a server answers at http://127.0.0.1:11434/v1 and llama3.2 is used");
    expect(tried.filter(({ usable }) => usable).map(({ profile }) => profile)).toEqual([
      "ollama",
      "llamacpp",
      "scripted",
    ]);
  });

  test.each<[string, () => Response, string]>([
    ["a page", () => new Response("<html>hello</html>"), "is not a model server"],
    ["JSON of something else", () => Response.json({ data: "x" }), "is not a model server"],
    ["null", () => Response.json(null), "is not a model server"],
    ["a list of something else", () => Response.json({ data: [{ name: "x" }] }), "is not a model server"],
    ["more than a list", () => new Response(`{"data":[{"id":"${"x".repeat(1_100_000)}"}]}`), "is not a model server"],
    ["an error", () => new Response("", { status: 404 }), "has no list of models (HTTP 404)"],
    ["a redirect", () => new Response("", { status: 302, headers: { location: "/login" } }), "answers HTTP 302"],
    ["an empty list", listing(), "has no model that can chat; load one"],
    ["Ollama's empty list", () => Response.json({ object: "list", data: null }), "has no model that can chat"],
    ["embeddings alone", listing("text-embedding-3"), "has no model that can chat"],
  ])("passes by a port where %s answers", async (_name, answer, why) => {
    const { client, tried } = await chooseModel({ models, env: {}, fetch: knowing({ [OLLAMA]: answer }) });
    expect(client.profile).toBe("scripted");
    expect(tried[1]).toMatchObject({ profile: "ollama", usable: false, why: expect.stringContaining(why) });
  });

  test("waits 300 ms for a server that never answers, for all of them at once", async () => {
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    const start = performance.now();
    const { client, tried } = await chooseModel({ models, env: {}, fetch: never });
    expect(client.profile).toBe("scripted");
    expect(tried[1]?.why).toBe("the server at http://127.0.0.1:11434/v1 does not answer within 300 ms");
    // Four servers in turn would take 1 200 ms.
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe("chooseModel() by name", () => {
  test("uses the profile that is wanted, before SOMA_MODEL_BASE_URL too", async () => {
    const env = { SOMA_MODEL_BASE_URL: "http://127.0.0.1:1/v1", SOMA_MODEL_NAME: "m" };
    const { client, reason } = await chooseModel({ models, env, fetch: knowing({}), wanted: "scripted" });
    expect(client.profile).toBe("scripted");
    expect(reason).toBe("it was asked for by name; the scripted model needs nothing; it is a set of rules, not an AI");
  });

  test.each<[string, string, string]>([
    ["openai", "UNAVAILABLE", 'model profile "openai" cannot be used: OPENAI_API_KEY is not set'],
    ["ollama", "UNAVAILABLE", 'model profile "ollama" cannot be used: no server answers at http://127.0.0.1:11434/v1'],
    ["gpt", "BAD_INPUT", 'there is no model profile "gpt"; models.yaml has openai, ollama'],
    ["toString", "BAD_INPUT", 'there is no model profile "toString"'],
    ["custom", "BAD_INPUT", "it needs SOMA_MODEL_BASE_URL"],
  ])("says why %s cannot be used instead of taking another", async (wanted, code, message) => {
    await expect(chooseModel({ models, env: {}, fetch: knowing({}), wanted })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test("refuses a key that no header can carry, and does not repeat it", async () => {
    const choosing = chooseModel({
      models,
      env: { OPENAI_API_KEY: `${KEY}\nü` },
      fetch: knowing({}),
      wanted: "openai",
    });
    await expect(choosing).rejects.toThrow("its key holds characters that an HTTP header cannot carry");
    await expect(choosing).rejects.not.toThrow(KEY);
  });

  test("uses the default of models.yaml when it is no 'auto'", async () => {
    const { client, reason } = await chooseModel({
      models: { ...models, default: "scripted" },
      env: {},
      fetch: knowing({}),
    });
    expect([client.profile, reason.split(";")[0]]).toEqual(["scripted", "it is the default of models.yaml"]);
  });

  test("says every reason when the list has nothing that can be used", async () => {
    const conf: ModelsConf = { ...models, auto: ["openai", "ollama"] };
    await expect(chooseModel({ models: conf, env: {}, fetch: knowing({}) })).rejects.toThrow(
      'model profile "openai" cannot be used: OPENAI_API_KEY is not set; model profile "ollama" cannot be used: no server answers',
    );
  });
});

describe("chooseModel() by SOMA_MODEL_BASE_URL", () => {
  test("asks a real server for its models, and its client works", async () => {
    const server = await startServer({ models: ["first", "second"], apiKey: KEY });
    const env = { SOMA_MODEL_BASE_URL: server.baseUrl, SOMA_MODEL_API_KEY: KEY, OPENAI_API_KEY: "sk-other-key" };
    const { client, reason, tried } = await chooseModel({ models, env, fetch });
    expect(client).toMatchObject({ profile: "custom", model: "first", isAi: true });
    expect(reason).toBe(`SOMA_MODEL_BASE_URL is set; SOMA_MODEL_API_KEY is set, so first at ${server.baseUrl} is used`);
    expect(tried.length).toBe(1);
    const events = await collect(
      client.chat({ messages: [{ role: "user", content: "hello" }], tools: [] }, new AbortController().signal),
    );
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "stop" });
  });

  test.each(["", "/v1/chat/completions", "/v1?key=secret"])(
    "finds the server at an address with %j behind it",
    async (path) => {
      const server = await startServer({ models: ["bge-m3", "first"] });
      const written = server.baseUrl.replace("/v1", path);
      const env = { SOMA_MODEL_BASE_URL: path === "" ? written.replace("http://", "") : written };
      const { client, reason } = await chooseModel({ models, env, fetch });
      expect(reason).toBe(`SOMA_MODEL_BASE_URL is set; a server answers at ${server.baseUrl} and first is used`);
      const asking = client.chat(
        { messages: [{ role: "user", content: "hello" }], tools: [] },
        new AbortController().signal,
      );
      expect((await collect(asking)).at(-1)).toMatchObject({ type: "finish" });
    },
  );

  test.each([
    [{ data: [{ id: "bge-reranker-v2" }, { id: "a", type: "embeddings" }, { id: "b", type: "llm" }] }, "b"],
    [{ data: [{ id: "ocr", capabilities: { completion_chat: false } }, { id: "c" }] }, "c"],
  ])("takes none for chat that cannot", async (list, model) => {
    const send = knowing({ "http://a.example/v1/models": () => Response.json(list) });
    const { client } = await chooseModel({ models, env: { SOMA_MODEL_BASE_URL: "http://a.example/v1" }, fetch: send });
    expect(client.model).toBe(model);
  });

  test("takes a model that is named at its word, so that the server may start later", async () => {
    const send = knowing({});
    const env = { SOMA_MODEL_BASE_URL: "http://gpu.example:8000/v1", SOMA_MODEL_NAME: "qwen" };
    const { client, reason } = await chooseModel({ models, env, fetch: send });
    expect(client).toMatchObject({ profile: "custom", model: "qwen" });
    expect(reason).toBe("SOMA_MODEL_BASE_URL is set; qwen at http://gpu.example:8000/v1 is used");
    expect(send.asked).toEqual([]);
  });

  test.each([
    ["http://127.0.0.1:9/v1", "no server answers at http://127.0.0.1:9/v1"],
    ["localhost:9", "no server answers at http://localhost:9"],
    ["ftp://127.0.0.1:9", "its baseUrl begins with ftp:"],
    ["https://user:secret@a.example/v1", "its baseUrl holds a user name or password"],
  ])("says why %s cannot be used instead of taking another", async (baseUrl, why) => {
    const choosing = chooseModel({ models, env: { SOMA_MODEL_BASE_URL: baseUrl }, fetch: knowing({}) });
    await expect(choosing).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining(why) });
  });

  test("is bounded by limits over the profile's", async () => {
    const server = await startServer({ models: ["slow"] });
    server.failNext({ kind: "hang" });
    const env = { SOMA_MODEL_BASE_URL: server.baseUrl };
    const { client } = await chooseModel({ models, env, fetch, limits: { firstToken: 40 } });
    const asking = collect(client.chat({ messages: [], tools: [] }, new AbortController().signal));
    await expect(asking).rejects.toMatchObject({
      code: "TIMEOUT",
      message: "custom (slow) gave no first token within 40 ms",
    });
  });

  test("counts as not set when it is empty", async () => {
    expect((await chooseModel({ models, env: { SOMA_MODEL_BASE_URL: " " }, fetch: knowing({}) })).client.profile).toBe(
      "scripted",
    );
  });
});

test("look() shares limits and breakers between profiles of one place, and not between packages and their accounts", async () => {
  const client = { profile: "p", provider: "ai-sdk", model: "m", isAi: true, chat: () => (async function* () {})() };
  const stub = new Map([["ai-sdk", { name: "ai-sdk", look: async () => ({ usable: true, why: "", client }) }]]);
  const places: string[] = [];
  const lanes = {
    guard: (guarded: typeof client, { place }: { place: string }) => {
      places.push(place);
      return guarded;
    },
  };
  const timeoutsMs = { connect: 1, firstToken: 1, total: 1 };
  const around = { models, env: {}, fetch, limits: {}, lanes, providers: stub } as unknown as ChooseModelParams;
  for (const of of [
    { package: "@ai-sdk/a" },
    { package: "@ai-sdk/a", params: { seed: 1 } },
    { package: "@ai-sdk/b" },
    { package: "@ai-sdk/a", options: { region: "r" } },
    { package: "@ai-sdk/a", optionsEnv: { secretAccessKey: "OTHER" } },
  ])
    await look("p", { provider: "ai-sdk", model: "m", timeoutsMs, ...of }, around, true);
  expect(places[0]).toBe(places[1]);
  expect(new Set(places).size).toBe(4);
});
