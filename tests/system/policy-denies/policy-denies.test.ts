import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

const AUDIT = `query { auditEvents(filter: { decision: "deny" }) { nodes { category subject reason meta } } }`;

describe("policy before every tool call", () => {
  let product: ProductUnderTest;

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
  });
  afterAll(() => product.close());

  it("denies a role what it may not use: the tool never starts, the decision and the audit are there, the answer says so", async () => {
    const id = await product.send("run code: console.log('ran')", { role: "restricted" });
    const run = await product.ended(id);
    expect(run.status).toBe("SUCCEEDED");
    expect(run.answer).toBe("I was not allowed to use code_run: role restricted may not call code_run.");
    expect(run.invocations?.nodes).toEqual([]);
    expect(run.decisions?.nodes).toMatchObject([
      { allow: false, tool: "code_run", reason: "role restricted may not call code_run" },
    ]);
    expect(run.steps.nodes.filter((step) => step.status === "DENIED").map((step) => step.nodeId)).toEqual(["policy"]);
    const { auditEvents } = (await product.client().request(AUDIT, {})) as Answer;
    expect(auditEvents.nodes[0]).toMatchObject({ category: "POLICY", subject: "tool:code_run", meta: { run_id: id } });
  });

  it("refuses a tool call without a decision, and with a decision about another call", async () => {
    const client = product.client();
    const invoke = (input: object) =>
      client.request(
        `mutation ($input: InvokeToolInput!) { invokeTool(input: $input) { invocation { status output } } }`,
        { input },
      ) as Promise<Answer>;
    const decide = (args: object, idempotencyKey: string) =>
      client.request(`mutation ($input: DecideInput!) { decide(input: $input) { token decision { allow } } }`, {
        input: {
          tool: "calculate",
          toolVersion: "1",
          risk: "LOW",
          args,
          role: "assistant",
          idempotencyKey,
        },
      }) as Promise<Answer>;
    await expect(
      invoke({ tool: "calculate", args: { expression: "1+1" }, decisionToken: "", idempotencyKey: "a" }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
    const { decide: decided } = await decide({ expression: "1+1" }, "c");
    await expect(
      invoke({ tool: "calculate", args: { expression: "2+2" }, decisionToken: decided.token, idempotencyKey: "c" }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
    await expect(
      invoke({ tool: "calculate", args: { expression: "1+1" }, decisionToken: decided.token, idempotencyKey: "b" }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
    const { invokeTool } = await invoke({
      tool: "calculate",
      args: { expression: "1+1" },
      decisionToken: decided.token,
      idempotencyKey: "c",
    });
    expect(invokeTool.invocation).toEqual({ status: "SUCCEEDED", output: "2" });
    await until("the forged call is in the audit", async () => {
      const { auditEvents } = (await client.request(AUDIT, {})) as Answer;
      return auditEvents.nodes.some(
        (event: Answer) => event.category === "SECURITY" && event.subject === "tool:calculate",
      );
    });
  });

  it("denies every tool call while the policy engine cannot decide", async () => {
    const broken = await mkdtemp(join(tmpdir(), "soma-broken-policy-"));
    await writeFile(join(broken, "tools.wasm"), "this is not a policy");
    await product.stop();
    await product.start({ SOMA_POLICY_BUNDLE_DIR: broken }, "/healthz");
    const readiness = await fetch(`${product.url()}/readyz`);
    expect([readiness.status, await readiness.text()]).toEqual([503, expect.stringContaining("policy")]);
    const run = await product.ended(
      await product.send("What is 1+1? What time is it? Remember that it is broken. Note: nothing."),
    );
    expect(run.decisions?.nodes.map((decision) => decision.allow)).toEqual([false, false, false, false]);
    expect(run.invocations?.nodes).toEqual([]);
    expect(run.memories?.nodes.every((memory) => memory.kind === "MESSAGE")).toBe(true);
    expect(run.answer).toContain("policy_error: bundle");
  });

  it("has verdicts that a stranger can recompute: by the whole policy and by the broken one, from a file alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), "soma-verdicts-"));
    const file = join(folder, "decisions.jsonl");
    const { stdout } = await product.soma("policy", "export");
    await writeFile(file, stdout);
    const whole = await product.soma("policy", "verify", file, "--json");
    expect(JSON.parse(whole.stdout)).toMatchObject({ follow: 6, findings: [] });
    await writeFile(file, stdout.replace('"allow":false', '"allow":true'));
    const altered = await product.soma("policy", "verify", file);
    expect([altered.code, altered.stdout]).toEqual([1, expect.stringContaining("1 differ")]);
    await rm(folder, { recursive: true });
  });
});
