import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  DecideApprovalDocument,
  FirstMinutesDocument,
  KillWorkerDocument,
  RunApprovalsDocument,
  StartRunDocument,
} from "@soma/graphql/operations";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { expectSoundHistory } from "../sound-history.ts";
import { runUp } from "./run-up.ts";

const ON = { SOMA_FIRST_MINUTES: "on" };

const soma = fileURLToPath(new URL("../../../infra/cli/soma.ts", import.meta.url));

/** The command line as a person has it: with a stdin, and with somebody who may press Ctrl-C. */
function runSoma(dataDir: string, ...args: string[]) {
  const env = { ...process.env, SOMA_URL: "", SOMA_TOKEN: "" };
  const child = spawn(process.execPath, [soma, "--data", dataDir, ...args], { cwd: tmpdir(), env });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  return { child, said, ended: once(child, "close").then(([code, signal]) => code ?? signal) };
}

describe("the first minutes", () => {
  let product: ProductUnderTest;

  beforeAll(async () => {
    product = await createProduct();
    await product.start(ON);
    await until("there are runs to look at", () => looks().length === 3, 60_000);
  });
  afterAll(() => product.close());

  /** The runs that the start names. */
  const looks = (): string[] =>
    [...product.output().matchAll(/^ {2}Look .* runs show (\S+)/gm)].map(([, id = ""]) => id);

  it("say in at most twenty lines where to go and what to try", async () => {
    await until("everything is said", () => product.output().includes("one user, loopback"));
    const lines = product.output().trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(product.output()).toMatch(/Open {3}http:\/\/127\.0\.0\.1:\d+\/#t=/);
    expect(product.output()).toContain(`npx soma --data ${product.dataDir} ask "`);
    expect(product.output()).toContain("stop: Ctrl-C");
  });

  it("have a run that survived the kill of its worker, one that was denied, and one that tried again", async () => {
    const [recovered = "", denied = "", retried = ""] = looks();
    const shown = await product.soma("runs", "show", recovered);
    expect(shown.stdout).toContain("recovered 1 time from a lost worker");
    expect(shown.stdout).toContain("its worker was lost; another one took the run over");
    expect((await product.ended(denied)).outcome).toMatchObject({ kind: "WITH_DENIALS", deniedCalls: 1 });
    expect((await product.ended(retried)).steps.nodes[0]).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
  });

  it("let a worker be killed: nothing is lost, nothing is done twice, and the run goes on in the other one", async () => {
    const worker = async () =>
      (await product.client().request(FirstMinutesDocument, {})).firstMinutes?.worker ?? expect.unreachable();
    await until("it was started again", async () => (await worker()).isReady, 30_000);
    const { deaths } = await worker();
    const runId = await product.send("note: killed-mark. Then run code: await sleep(1500); console.log('slept')");
    await until("the worker has it", async () => (await worker()).runsInHand === 1);
    const { killWorker } = await product.client().request(KillWorkerDocument, { input: { idempotencyKey: newId() } });
    expect(killWorker.worker).toMatchObject({ deaths: deaths + 1, lastDeath: { runs: [{ id: runId }], runCount: 1 } });
    expect(await product.ended(runId)).toMatchObject({ status: "SUCCEEDED", recoveries: 1 });
    const { lastDeath } = await worker();
    expect(lastDeath).toMatchObject({ waitingCount: 0, lostCount: 0, repeatedCount: 0 });
    expect(lastDeath?.backAfterMs).toBeGreaterThan(0);
    await expectSoundHistory(product, runId, "killed");
    const notes = await readFile(join(product.dataDir, "notes", "local", "notes.md"), "utf8");
    expect(notes.split("killed-mark").length - 1).toBe(1);
  });

  it("have sample agents, one of which pays only when a person says so", async () => {
    const key = newId();
    const { startRun } = await product.client().request(StartRunDocument, {
      input: { graph: "refund", input: { text: "refund A-17" }, modelProfile: "scripted", idempotencyKey: key },
    });
    const asking = await until("it asks", async () => {
      const { run } = await product.client().request(RunApprovalsDocument, { id: startRun.run.id });
      return run?.pendingApprovals[0];
    });
    expect(asking.question).toBe("Pay 40 back?");
    await product.client().request(DecideApprovalDocument, {
      input: { approvalId: asking.id, approve: true, idempotencyKey: key },
    });
    expect((await product.ended(startRun.run.id)).answer).toBe("40 paid back");
  });

  it("answer, remember, and recall in the same session and in a new one", async () => {
    const asked = await product.soma("ask", "--json", "What is 37*12? Remember that my favourite number is 37.");
    const first = JSON.parse(asked.stdout) as { answer: string; sessionId: string };
    expect(first.answer).toContain("444");
    expect(first.answer).toContain("I remembered that your favourite number is 37.");
    const same = await product.soma("ask", "What is my favourite number?", "--session", first.sessionId);
    expect(same).toMatchObject({ code: 0, stdout: "Your favourite number is 37.\n" });
    expect(same.stderr).toContain(first.sessionId);
    expect((await product.soma("ask", "What is my favourite number?")).stdout).toBe("Your favourite number is 37.\n");
  });

  it("have a command line that shows runs, tools, memories and what is going on", async () => {
    const { stdout } = await product.soma("--json", "runs", "list");
    const [run] = JSON.parse(stdout) as { id: string }[];
    expect((await product.soma("runs", "show", run?.id ?? "")).stdout).toContain("remember");
    expect((await product.soma("runs", "watch", run?.id ?? "")).stdout).toMatch(/finished · all \d+ events verified/);
    expect((await product.soma("tools", "list")).stdout).toContain("note_append");
    expect((await product.soma("memory", "recall", "favourite number")).stdout).toContain("my favourite number is 37");
    const doctor = await product.soma("doctor");
    expect(doctor).toMatchObject({ code: 0 });
    expect(doctor.stdout).toContain("a set of rules and not an AI");
  });

  it("say what is wrong, and by which exit code", async () => {
    expect(await product.soma("runs", "show", "nothing")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("run nothing does not exist"),
    });
    expect(await product.soma("ask", "x", "--session", "nothing")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is not a UUID"),
    });
    expect(await product.soma("--port", "99999", "tools", "list")).toMatchObject({ code: 2 });
    expect(await product.soma("--port", "1", "tools", "list")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("npm start"),
    });
    expect(await product.soma("frobnicate")).toMatchObject({ code: 2 });
  });

  it("refuse a second start on the same folder, and name the first one", async () => {
    const second = runUp("--data", product.dataDir);
    expect(await second.ended).toBe(1);
    expect(second.said()).toContain(`soma is running already on ${product.dataDir}`);
    expect(second.said()).toContain(product.url());
  });

  it("sign a browser in once per link", async () => {
    const { stdout } = await product.soma("signin");
    const token = stdout.trim().split("#t=")[1];
    const exchange = () =>
      fetch(`${product.url()}/auth/exchange`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token }),
      });
    const first = await exchange();
    const cookie = first.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^soma_session=.+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect(
      await (await fetch(`${product.url()}/auth/me`, { headers: { cookie: cookie.split(";")[0] ?? "" } })).json(),
    ).toMatchObject({
      tenant: "local",
      subject: "user:developer",
    });
    expect((await exchange()).status).toBe(401);
  });

  it("tell the ids first, and what a tool prints while it prints it", async () => {
    const code = "run code: console.log('early'); while (Date.now() % 100_000 < 0); console.log('late')";
    const { stderr, stdout } = await product.soma("ask", code);
    expect(stderr).toMatch(/^session [\da-f-]{36}\nrun {5}[\da-f-]{36}\n\n/);
    expect(stderr).toContain("early\nlate\n· code_run answered");
    expect(stdout).toContain("The code printed");
    const slow = runSoma(
      product.dataDir,
      "ask",
      "run code: console.log('early'); const end = Date.now() + 3000; while (Date.now() < end);",
    );
    await until("the tool has printed", () => slow.said.stderr.includes("early"), 20_000);
    expect(slow.said.stdout).toBe("");
    expect(await slow.ended).toBe(0);
  });

  it("end with 1 and say why when a tool failed or was denied, though the run succeeded", async () => {
    const failed = await product.soma("ask", "run code: throw new Error('x')");
    expect(failed).toMatchObject({ code: 1, stdout: "code_run failed: Error: x (line 1).\n" });
    expect(failed.stderr).toMatch(/soma: run \S+ succeeded, with 1 call failed \(code_run\)\n$/);
    const denied = await product.soma("ask", "--json", "--role", "restricted", "run code: console.log(1)");
    expect(denied.code).toBe(1);
    expect(JSON.parse(denied.stdout)).toMatchObject({
      status: "SUCCEEDED",
      outcome: { kind: "WITH_DENIALS", failedCalls: 0, deniedCalls: 1, cutAnswers: 0 },
      troubles: { failed: [], denied: ["code_run"] },
    });
    const { stdout } = await product.soma("runs", "list", "--limit", "2");
    expect(stdout).toMatch(/SUCCEEDED +1 call denied .*\n\S+ +SUCCEEDED +1 call failed /);
    const { runId } = JSON.parse(denied.stdout) as { runId: string };
    expect((await product.soma("runs", "show", runId)).stdout).toContain("status   SUCCEEDED, 1 call denied\n");
    expect((await product.soma("runs", "watch", runId)).stdout).toMatch(
      /events verified · 1 call denied \(code_run\)\n$/,
    );
  });

  it("print one JSON value with --json, whatever happens", async () => {
    const refused = await product.soma("ask", "x", "--session", "nothing", "--json");
    expect([refused.code, JSON.parse(refused.stdout)]).toEqual([1, { error: expect.objectContaining({}) }]);
    const failed = await product.soma("--json", "ask", "run code: throw new Error('x')");
    expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([1, { troubles: { failed: ["code_run"] } }]);
  });

  it("take a question from a pipe, with a dash or without", async () => {
    for (const args of [["ask", "-"], ["ask"]]) {
      const asked = runSoma(product.dataDir, ...args);
      asked.child.stdin.end("What is\n6*7?\n");
      expect(await asked.ended).toBe(0);
      expect(asked.said.stdout).toContain("42");
    }
    const empty = runSoma(product.dataDir, "ask");
    empty.child.stdin.end();
    expect(await empty.ended).toBe(2);
  });

  it("let go of a run by Ctrl-C, and say how to watch and how to cancel it", async () => {
    const asked = runSoma(
      product.dataDir,
      "ask",
      "run code: console.log('begun'); const end = Date.now() + 2000; while (Date.now() < end);",
    );
    await until("the tool has printed", () => asked.said.stderr.includes("begun"), 20_000);
    asked.child.kill("SIGINT");
    expect(await asked.ended).toBe(130);
    const id = /run {5}(\S+)/.exec(asked.said.stderr)?.[1] ?? "";
    const words = `run ${id} goes on; watch it with\n  npx soma --data ${product.dataDir} runs watch ${id}\ncancel it with\n  npx soma --data ${product.dataDir} runs cancel ${id}\n`;
    expect(asked.said.stderr).toContain(words);
    expect((await product.ended(id)).status).toBe("SUCCEEDED");
  });

  it("lead to the product that was meant when it is stopped, and survive a second start", async () => {
    expect(await (await fetch(`${product.url()}/auth/sign-in`)).json()).toEqual({
      command: `npx soma --data ${product.dataDir} signin`,
    });
    await product.stop();
    expect(await product.soma("tools", "list")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`Start it with \`npm start -- --data ${product.dataDir}\``),
    });
    await product.start(ON);
    expect((await product.soma("ask", "What is my favourite number?")).stdout).toBe("Your favourite number is 37.\n");
  });
});
