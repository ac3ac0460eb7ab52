import { GraphQLError } from "graphql";
import { afterEach, beforeAll, expect, it } from "vitest";
import { createSomaClient } from "./client.ts";
import type { RunEvent } from "./run-events.ts";
import { end, heartbeat, makeHistory, type RunServer, type Script, startRunServer } from "./testing/run-server.ts";

let history: RunEvent[];
let server: RunServer;
beforeAll(async () => {
  history = await makeHistory(2);
});
afterEach(() => server.close());

const operation = { query: "subscription { runEvents }", variables: { afterSeq: 7 }, isSubscription: true };

async function hear(script: Script, signal?: AbortSignal): Promise<unknown[]> {
  server = await startRunServer(script);
  const url = server.url.replace(/^ws/, "http");
  const heard: unknown[] = [];
  for await (const answer of createSomaClient({ url, token: "tok" }).answers(operation, signal ? { signal } : {}))
    heard.push(answer);
  return heard;
}

it("answers() gives what a subscription tells until it ends, and asks for it once", async () => {
  const frames = [heartbeat(history), end(history)];
  expect(await hear(() => frames)).toEqual(frames.map((runEvents) => ({ data: { runEvents } })));
  expect([server.asked, server.tokens, server.open()]).toEqual([[7], ["tok"], 0]);
});

it("answers() gives what the server refuses as an answer, and throws when the connection is lost", async () => {
  const refused = new GraphQLError("there is no such run", { extensions: { code: "NOT_FOUND" } });
  expect(await hear(() => [refused])).toMatchObject([{ errors: [{ extensions: { code: "NOT_FOUND" } }] }]);
  await server.close();
  await expect(hear(() => ["drop"])).rejects.toMatchObject({ code: "UNREACHABLE", retryable: true });
});

it("answers() does not say of a refused token that asking again may help", async () => {
  await expect(hear(() => ["refuse"])).rejects.toMatchObject({ code: "UNAUTHENTICATED", retryable: false });
});

it("answers() asks with no number that would be told as nothing", async () => {
  server = await startRunServer(() => []);
  const answers = createSomaClient({ url: "http://127.0.0.1:1" }).answers({ ...operation, variables: { n: Infinity } });
  await expect(answers.next()).rejects.toMatchObject({ code: "BAD_INPUT" });
});

it("answers() ends when the signal says so, also before it began", async () => {
  const stop = new AbortController();
  const script: Script = function* () {
    yield heartbeat(history);
    setTimeout(() => stop.abort(), 10);
    yield "hang";
  };
  expect(await hear(script, stop.signal)).toHaveLength(1);
  await server.close();
  expect(await hear(script, AbortSignal.abort())).toEqual([]);
});
