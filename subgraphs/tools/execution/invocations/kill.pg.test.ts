import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import { derivedId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PeerInvokeToolDocument, PeerToolOutputDocument } from "../../../runs/peers/generated/graphql.ts";
import { createToolsFixture, type ToolsFixture } from "../../testing/fixture.ts";
import { keepOnce } from "../../testing/keep-once.ts";
import { clientOf, envOf, type Served, serve } from "../../testing/served.ts";
import { childrenOf, isRunning } from "../testing/children.ts";

const SERVE_TOOLS = fileURLToPath(new URL("../../testing/serve-tools.ts", import.meta.url));
const principal = aPrincipal();
let fixture: ToolsFixture;
let victim: ChildProcess;
let victimClient: ServiceClient;
let survivor: Served;

beforeAll(async () => {
  fixture = await createToolsFixture("tools_kill");
  survivor = await serve(fixture, { moreTools: [keepOnce] });
});
afterAll(async () => {
  victim?.kill("SIGKILL");
  await survivor.close();
  await fixture.close();
});

async function startVictim(): Promise<void> {
  victim = spawn(process.execPath, [SERVE_TOOLS], { env: envOf(fixture), stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve) =>
    victim.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim())),
  );
  victimClient = await clientOf(fixture, url);
}

async function invoke(client: ServiceClient, tool: string, args: unknown, idempotencyKey: string) {
  const input = {
    tool,
    args,
    decisionToken: await fixture.decide({ tool, args, idempotencyKey }),
    idempotencyKey,
    runId: null,
    stepId: null,
  };
  const answer = await client.request(PeerInvokeToolDocument, { input }, { principal, timeoutMs: 30_000 });
  return answer.invokeTool.invocation;
}

describe("a tools process that is killed", { timeout: 60_000 }, () => {
  it("leaves no child; another process ends its streams, and its calls run again or become unknown", async () => {
    await startVictim();
    const code = "print('half'); for (let i = 0; i < 4; i += 1) await sleep(400); print('whole')";
    const calls = [
      invoke(victimClient, "code_run", { code }, "kill-code"),
      invoke(victimClient, "keep_once", {}, "kill-once"),
    ];
    const broken = Promise.allSettled(calls);
    const invocationId = derivedId("Invocation", "acme", "kill-code");
    const frames = survivor.client.subscribe(PeerToolOutputDocument, { invocationId, after: -1 }, { principal });
    const seen = [(await frames.next()).value?.toolOutput, (await frames.next()).value?.toolOutput];
    expect(seen).toMatchObject([{ __typename: "StreamStart" }, { __typename: "StreamData", data: "half\n" }]);
    await until("the other tool ran", () => readFile(join(fixture.dataDir, "ran.txt"), "utf8"));
    const children = await childrenOf(victim.pid ?? 0);
    expect(children, "the tool and the guard").toHaveLength(2);

    victim.kill("SIGKILL");
    for (const { status } of await broken) expect(status).toBe("rejected");
    await until("no child is left", async () => !(await Promise.all(children.map(isRunning))).some(Boolean));

    // Nobody called again yet: the sweep tells the follower, and settles what may not run again.
    expect((await frames.next()).value?.toolOutput).toMatchObject({
      __typename: "StreamEnd",
      stream: `${invocationId}.1`,
      status: "INTERRUPTED",
      bytes: 5,
    });
    const unknown = await invoke(survivor.client, "keep_once", {}, "kill-once");
    expect(unknown).toMatchObject({ status: "UNKNOWN", attempt: 1, output: "ran", error: { type: "unknown_outcome" } });
    expect(await readFile(join(fixture.dataDir, "ran.txt"), "utf8")).toBe("ran\n");

    const again = await invoke(survivor.client, "code_run", { code }, "kill-code");
    expect(again).toMatchObject({ status: "SUCCEEDED", attempt: 2, output: "half\nwhole\n" });
    const rest: unknown[] = [];
    for await (const { toolOutput } of frames) rest.push(toolOutput);
    expect(rest.at(0)).toMatchObject({ __typename: "StreamStart", stream: `${invocationId}.2`, seq: 0 });
    expect(rest.at(-1)).toMatchObject({
      __typename: "StreamEnd",
      stream: `${invocationId}.2`,
      status: "OK",
      bytes: 11,
    });
    const ends = await fixture.database
      .owner`select attempt, kind, count(*)::int as count from stream_frame where kind <> 'data' group by 1, 2, invocation_id`;
    for (const { count } of ends) expect(count).toBe(1);
  });

  it("is cleared from the table of executors once nothing of it is open", async () => {
    await fixture.database.owner`update executor set started_at = started_at - interval '10 minutes'`;
    await until(
      "one executor is left",
      async () => (await fixture.database.owner`select 1 from executor`).length === 1,
    );
  });
});
