import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findReadiness, findReadinessInFull } from "./find-readiness.ts";

describe.each([
  ["findReadiness()", findReadiness],
  ["findReadinessInFull()", findReadinessInFull],
])("%s", (_, find) => {
  let answer: [number, string];
  const server = createServer((_request, response) => response.writeHead(answer[0]).end(answer[1]));
  let url = "";
  beforeAll(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each([
    [200, '{"ready":true}', "ready"],
    [
      503,
      '{"ready":false,"reasons":{"a":"b"},"parts":{"a":{}}}',
      find === findReadiness ? "not ready: a: b" : undefined,
    ],
    [
      503,
      '{"ready":false,"parts":{"runs":{"postgres":"gone"}}}',
      find === findReadiness ? undefined : "not ready: runs (postgres): gone",
    ],
    [503, "<h1>down</h1>", undefined],
    [404, '{"message":"served here: nothing"}', undefined],
    [200, "<h1>another program</h1>", undefined],
    [502, "", undefined],
  ])("of the answer %i %s says what is wrong", async (status, body, detail) => {
    answer = [status, body];
    const told = detail ?? `not ready: it answered ${status} and named no reason`;
    expect(await find(url)).toEqual({ ok: detail === "ready", detail: told });
  });
});
