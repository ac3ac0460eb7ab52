import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES } from "../testing/lab.ts";

const ECHO = "query ($value: JSON) { echo(value: $value) }";

/** A body as it is written, which JSON.stringify would have rounded already. */
const withValue = (value: string): string =>
  `{"query":${JSON.stringify(ECHO)},"variables":{"value":{"amount":${value}}}}`;

describe.each(RUNTIMES)("a number that cannot be kept as it was written, on %s", (on) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({}, { on });
  });
  afterAll(() => lab.close());

  async function post(body: string) {
    const headers = { authorization: `Bearer ${await lab.token()}`, "content-type": "application/json" };
    const response = await fetch(`${lab.url}/graphql`, { method: "POST", headers, body });
    return (await response.json()) as { data?: unknown; errors?: { message: string; extensions: { code: string } }[] };
  }

  it.each(["12345678901234567890", "1e400"])(
    "is refused by its name over HTTP, in variables and literals: %s",
    async (value) => {
      const { data, errors } = await post(withValue(value));
      expect(data).toBeUndefined();
      expect(errors).toMatchObject([
        {
          message: `the request body: the number ${value} at "amount" cannot be kept exactly; send it as a text`,
          extensions: { code: "BAD_INPUT" },
        },
      ]);
      const literal = await post(JSON.stringify({ query: `{ echo(value: { amount: ${value} }) }` }));
      expect(literal.errors).toMatchObject([
        { message: `the number ${value} cannot be kept exactly; send it as a text` },
      ]);
    },
  );

  it("is refused over a WebSocket, whose other operations go on", async () => {
    const socket = await lab.openSocket();
    socket.send(`{"id":"1","type":"subscribe","payload":${withValue("9007199254740993")}}`);
    socket.send(`{"id":"2","type":"subscribe","payload":${withValue("9007199254740991")}}`);
    await until("both are answered", () => socket.messages.length === 4);
    expect(socket.messages).toEqual(
      expect.arrayContaining([
        {
          id: "1",
          type: "error",
          payload: [
            expect.objectContaining({
              message: 'the number 9007199254740993 at "amount" cannot be kept exactly; send it as a text',
            }),
          ],
        },
        { id: "2", type: "next", payload: { data: { echo: { amount: 9007199254740991 } } } },
      ]),
    );
    socket.close();
  });
});
