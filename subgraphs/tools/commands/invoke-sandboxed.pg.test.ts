import { afterAll, beforeAll, describe, expect, it } from "vitest";
import codeRun from "../execution/tools/code-run.ts";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";

let fixture: ToolsFixture;
let tools: ToolsProcess;

beforeAll(async () => {
  fixture = await createToolsFixture("invoke_sandboxed");
  tools = await fixture.start([codeRun]);
});
afterAll(() => fixture.close());

/** Invokes code under an obligation of its decision. */
async function invoke(idempotencyKey: string, sandbox: string) {
  const call = { tool: "code_run", args: { code: "1 + 1" }, idempotencyKey };
  return tools.invoke({ ...call, decisionToken: await fixture.decide(call, { obligations: { sandbox } }) });
}

describe("invokeTool() in a sandbox", () => {
  it("records where the tool ran, which no obligation lowers", async () => {
    expect(await invoke("lower", "none")).toMatchObject({ status: "SUCCEEDED", isolation: "process" });
  });

  it("runs nothing where the decision wants more than this machine gives, and says what", async () => {
    expect(await invoke("raise", "gvisor")).toMatchObject({
      status: "FAILED",
      isolation: "gvisor",
      errorType: "no_sandbox",
      errorMessage: expect.stringContaining("code_run was not run: it needs the sandbox gvisor"),
      outputBytes: 0,
    });
  });
});
