import type { ServerResponse } from "node:http";
import { loadModels } from "@soma/conf/models";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { TimeoutsMs } from "./http/deadlines.ts";
import { loadProviders, settingsOf } from "./load-providers.ts";
import { createModelFetch } from "./model-fetch.ts";
import { ask, createClientHarness } from "./testing/client-harness.ts";

const { clientAt, startHttp, close } = createClientHarness();
const providers = await loadProviders();
const shipped = loadModels(settingsOf(providers)).profiles;
const custom = providers.get("openai-compatible")?.custom?.({ SOMA_MODEL_BASE_URL: "http://127.0.0.1:1/v1" });

const STREAM = { "content-type": "text/event-stream" };
const ANSWER = `data: ${JSON.stringify({ choices: [{ delta: { content: "at last" }, finish_reason: "stop" }] })}\n\n`;
const LONG = { connect: 1_000, firstToken: 1_000_000, silence: 1_000_000, total: 2_000_000 };

describe("a call to a model that is silent before its first token", () => {
  // One clock for all of them: the HTTP client keeps the timer it has begun, and goes on with it.
  beforeAll(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(close);
  afterAll(() => void vi.useRealTimers());

  describe.each<[string, TimeoutsMs | undefined, number]>([
    ["for 75 s with the limits of the profile ollama", shipped.ollama?.timeoutsMs, 75_000],
    ["for 75 s with the limits of the profile custom", custom?.timeoutsMs, 75_000],
    ["for longer than HTTP clients wait by themselves, where its profile allows that,", LONG, 400_000],
  ])("%s", (_what, timeoutsMs = { connect: 0, firstToken: 0, total: 0 }, silenceMs) => {
    test.each(["before its response", "within its response"])("%s, is answered", async (where) => {
      const asked = Promise.withResolvers<ServerResponse>();
      const baseUrl = await startHttp((_request, response) => asked.resolve(response));
      const begun = Promise.withResolvers<void>();
      const send = createModelFetch({});
      const watched: typeof fetch = async (...request) => {
        const response = await send(...request);
        begun.resolve();
        return response;
      };
      const asking = ask(clientAt(baseUrl, { timeoutsMs, fetch: watched }));
      const response = await asked.promise;
      if (where === "within its response") {
        response.writeHead(200, STREAM).write(": reading\n\n");
        await begun.promise;
      }
      await vi.advanceTimersByTimeAsync(silenceMs);
      if (where === "before its response") response.writeHead(200, STREAM);
      response.end(ANSWER);
      expect(await asking).toEqual([
        { type: "text", delta: "at last" },
        { type: "finish", reason: "stop", usage: null },
      ]);
    });
  });
});
