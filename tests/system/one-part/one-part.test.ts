import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What `npm run part` runs. */
function startPart(dataDir: string, args: string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(root, "infra/local/alone.ts"), ...args, "--data", dataDir],
    {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

describe("one part alone", () => {
  let product: ProductUnderTest;
  beforeAll(async () => {
    product = await createProduct();
  });
  afterAll(() => product.close());

  it("answers with the token made for it, and loses no event: the next start publishes what it held", async () => {
    const { child, said } = startPart(product.dataDir, ["tools"]);
    const { url, token } = await until(
      "the part is up",
      () => {
        const found = /serves (\S+)[\s\S]*TOKEN=(\S+)/.exec(said());
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said()}`);
        return found === null ? undefined : { url: found[1] ?? "", token: found[2] ?? "" };
      },
      60_000,
    );
    const ask = async (query: string, bearer = token) => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${bearer}` };
      return (await fetch(url, { method: "POST", headers, body: JSON.stringify({ query }) })).json();
    };
    expect(await ask("{ tools { name } }")).toMatchObject({
      data: { tools: expect.arrayContaining([{ name: "clock" }]) },
    });
    expect(await ask("{ tools { name } }", "nobody")).toMatchObject({
      errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
    });
    const refused = await ask(
      'mutation { invokeTool(input: { tool: "clock", args: {}, decisionToken: "forged", idempotencyKey: "alone" }) { invocation { id } } }',
    );
    expect(refused).toMatchObject({ errors: [{ extensions: { code: "DECISION_INVALID" } }] });
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);

    await product.start();
    const query = "{ auditEvents(filter: { category: [SECURITY] }) { nodes { subject decision reason } } }";
    const events = await until("the audit event has arrived", async () => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${product.token()}` };
      const response = await fetch(new URL("/graphql", product.url()), {
        method: "POST",
        headers,
        body: JSON.stringify({ query }),
      });
      const { data } = (await response.json()) as { data: { auditEvents: { nodes: object[] } } };
      return data.auditEvents.nodes.length > 0 ? data.auditEvents.nodes : undefined;
    });
    expect(events).toEqual([{ subject: "tool:clock", decision: "deny", reason: expect.stringContaining("forged") }]);
    await product.stop();
  });

  it("is refused when it would publish where nobody listens, and when there is no such part", async () => {
    for (const [args, env, message] of [
      [["tools"], { SOMA_EVENT_BUS: "local" }, /SOMA_EVENT_BUS: "local" reaches only this process.*set it to hold/s],
      [["kitchen"], {}, /there is no part "kitchen"; there are memory, policy, runs, tools/],
      [[], {}, /say which part/],
    ] as const) {
      const { child, said } = startPart(product.dataDir, [...args], env);
      expect(await once(child, "exit")).toEqual([1, null]);
      expect(said()).toMatch(message);
    }
  });
});
