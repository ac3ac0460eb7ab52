import { expect, test } from "vitest";
import { listModels } from "./list-models.ts";

test.each([
  ["https://x.openai.azure.com/openai/v1", { "api-key": "secret-key" }],
  ["https://x.eastus.inference.ml.azure.com/v1", { authorization: "Bearer secret-key" }],
  ["https://api.example.com/v1", { authorization: "Bearer secret-key" }],
])("listModels() gives the key to %s as calls give it", async (base, headers) => {
  const sent: unknown[] = [];
  const send: typeof fetch = async (_input, init) => {
    sent.push(init?.headers);
    return Response.json({ data: [{ id: "m" }] });
  };
  const listed = await listModels({ bases: [base], apiKey: "secret-key", fetch: send, limitMs: 1_000 });
  expect(listed).toEqual({ base, models: ["m"] });
  expect(sent).toEqual([headers]);
});
