import { readFile } from "node:fs/promises";
import { readConf } from "@soma/conf/read-conf";
import desk from "@soma/sdk/samples/desk/agents/desk";
import findParcel from "@soma/sdk/samples/desk/tools/find-parcel";
import sendReply from "@soma/sdk/samples/desk/tools/send-reply";
import { ScenarioSchema, scenarioFaults } from "@soma/sdk/scenario";
import { testAgent } from "@soma/sdk/test-agent";
import { expect, it } from "vitest";

const FOLDER = new URL("../../../subgraphs/sdk/samples/desk/", import.meta.url);
const read = (name: string): Promise<string> => readFile(new URL(name, FOLDER), "utf8");
const tools = { find_parcel: findParcel, send_reply: sendReply };

it("an agent with a model, two tools, an approval and parallel branches has at most 40 lines, imports among them", async () => {
  const lines = (await read("agents/desk.ts")).trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
  const ran = await testAgent(desk, {
    input: "P-17?",
    model: ["fine", "Soon."],
    tools,
    decisions: [{ approve: true }],
  });
  expect(ran).toMatchObject({ status: "SUCCEEDED", answer: "sent: Soon." });
  expect(ran.calls.map(({ tool }) => tool)).toEqual(Object.keys(tools));
  expect(desk.nodeIds.map((id) => desk.node(id).type)).toEqual(["parallel", "model", "approval", "tool"]);
  expect(ran.path).toEqual(expect.arrayContaining(["look[trace]/find", "look[hear]/read", "look", "check"]));
});

it("the scenario of the sample brings the scripted model to its end, and names no other tool", async () => {
  const scenario = readConf(new URL("scenario.yaml", FOLDER), ScenarioSchema);
  expect(scenarioFaults(scenario, Object.keys(tools))).toEqual([]);
  for (const [input, mood] of [
    ["Where is my parcel P-17?", "worried"],
    ["Thank you for P-17 (and the note).", "calm"],
  ] as const) {
    const { answer, state } = await testAgent(desk, { input, model: scenario, tools, decisions: [{ approve: true }] });
    expect(answer).toBe("sent: Thank you for asking. P-17 left Hamburg on Monday.");
    expect(state.known).toBe(`P-17 left Hamburg on Monday; the writer is ${mood}`);
  }
});

it("docs/user/projects.md shows the agent as it stands", async () => {
  const page = await readFile(new URL("../../../docs/user/projects.md", import.meta.url), "utf8");
  expect(page).toContain(`\`\`\`ts\n${await read("agents/desk.ts")}\`\`\``);
});
