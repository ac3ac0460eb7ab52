import { expect, test } from "vitest";
import { modelClientContract } from "../model-client.contract.ts";
import { collect } from "../testing/collect.ts";
import { createScriptedClient } from "./client.ts";

modelClientContract("createScriptedClient()", async () => ({
  client: createScriptedClient("scripted"),
  close: async () => {},
}));

test("createScriptedClient() says that it is no AI, and writes the same answer word by word each time", async () => {
  const client = createScriptedClient("demo", { model: "scripted-2" });
  expect(client).toMatchObject({ profile: "demo", provider: "scripted", model: "scripted-2", isAi: false });
  const listen = () =>
    collect(client.chat({ messages: [{ role: "user", content: "help" }], tools: [] }, new AbortController().signal));
  const events = await listen();
  expect(events.length).toBeGreaterThan(20);
  expect(events.slice(0, 3)).toEqual(["I", " am", " the"].map((delta) => ({ type: "text", delta })));
  expect(await listen()).toEqual(events);
});
