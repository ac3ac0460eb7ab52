import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSomaClient, type SomaClient, SomaRequestError } from "./client.ts";
import { ToolsDocument } from "./generated/graphql.ts";

describe("createSomaClient().request()", () => {
  let url: string;
  let answer: { status?: number; body: string; delayMs?: number };
  const got: { path: string | undefined; authorization: string | undefined; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    got.push({ path: request.url, authorization: request.headers.authorization, body: JSON.parse(text) });
    setTimeout(
      () => response.writeHead(answer.status ?? 200, { "content-type": "application/json" }).end(answer.body),
      answer.delayMs ?? 0,
    );
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = (options: Parameters<SomaClient["request"]>[2] = {}): Promise<unknown> =>
    createSomaClient({ url, token: "tok" })
      .request(ToolsDocument, {}, options)
      .catch((error: unknown) => error);

  it("sends no number that would arrive as another one, and says which", async () => {
    const asked = createSomaClient({ url }).request({ toString: () => "" }, { input: { amount: 1 / 0 } });
    await expect(asked).rejects.toThrow('the number Infinity at "amount" cannot be kept exactly; send it as a text');
    await expect(asked).rejects.toMatchObject({ code: "BAD_INPUT", retryable: false });
    expect(got).toEqual([]);
  });

  it("sends the document and gives back its data", async () => {
    answer = { body: '{"data":{"tools":[]}}' };
    expect(await ask()).toEqual({ tools: [] });
    expect(got.at(-1)).toEqual({
      path: "/graphql",
      authorization: "Bearer tok",
      body: { query: ToolsDocument.toString(), variables: {} },
    });
  });

  it("gives all that is said to an operation that somebody wrote, errors and all", async () => {
    const errors = [{ message: "no", path: ["a"], extensions: { code: "NOT_FOUND" } }];
    answer = { body: JSON.stringify({ data: { a: null, b: 1 }, errors }) };
    const operation = { query: "query A { a b }", variables: { x: 1 }, operationName: "A" };
    const { value } = await createSomaClient({ url }).answers(operation).next();
    expect(value).toEqual({ data: { a: null, b: 1 }, errors });
    expect(got.at(-1)?.body).toEqual(operation);
  });

  it("throws the server's first error with its code and trace", async () => {
    answer = {
      status: 401,
      body: '{"errors":[{"message":"who are you","extensions":{"code":"UNAUTHENTICATED","retryable":false,"traceId":"abc"}},{"message":"second"}]}',
    };
    const error = await ask();
    expect(error).toBeInstanceOf(SomaRequestError);
    expect(error).toMatchObject({ message: "who are you", code: "UNAUTHENTICATED", retryable: false, traceId: "abc" });
  });

  it("gives back what was answered when only a part below was not, and tells which", async () => {
    const away = { message: "memory is away", extensions: { code: "UPSTREAM_UNAVAILABLE", retryable: true } };
    const missing: unknown[] = [];
    const onMissing = (error: SomaRequestError, at: string) => missing.push([error.code, at]);
    answer = {
      body: JSON.stringify({ data: { tools: [{ name: null }] }, errors: [{ ...away, path: ["tools", 0, "name"] }] }),
    };
    expect(await ask({ onMissing })).toEqual({ tools: [{ name: null }] });
    expect(await ask()).toEqual({ tools: [{ name: null }] });
    expect(missing).toEqual([["UPSTREAM_UNAVAILABLE", "tools.0.name"]]);
  });

  it.each([[["tools"]], [["tools", 0, "name"]]])(
    "throws what took the whole field, also from below it: %j",
    async (path) => {
      const error = { message: "tools is away", path, extensions: { code: "UPSTREAM_UNAVAILABLE", retryable: true } };
      for (const data of [{ tools: null }, null, undefined]) {
        answer = { body: JSON.stringify({ data, errors: [error] }) };
        expect(await ask()).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", retryable: true });
      }
    },
  );

  it.each([
    ["something that is not JSON", { status: 502, body: "<html>" }, { code: "UNREACHABLE", retryable: true }],
    ["no data", { body: '{"data":null}' }, { code: "INTERNAL", retryable: false }],
    [
      "an error without a code",
      { body: '{"errors":[{"message":"?"}]}' },
      { code: "INTERNAL", retryable: false, traceId: null },
    ],
  ])("has a code for %s", async (_name, given, expected) => {
    answer = given;
    expect(await ask()).toMatchObject(expected);
  });

  it("gives up in time, and when it is told to", async () => {
    answer = { body: "{}", delayMs: 2_000 };
    expect(await ask({ timeoutMs: 20 })).toMatchObject({ code: "UNREACHABLE", retryable: true });
    expect(await ask({ signal: AbortSignal.timeout(20) })).toMatchObject({ code: "CANCELED", retryable: false });
  });

  it("says which address cannot be reached", async () => {
    const client = createSomaClient({ url: "http://127.0.0.1:9" });
    await expect(client.request(ToolsDocument, {})).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: "http://127.0.0.1:9 cannot be reached",
    });
  });
});
