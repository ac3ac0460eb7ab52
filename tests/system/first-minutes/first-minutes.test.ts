import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { runUp } from "./run-up.ts";

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
    await product.start();
  });
  afterAll(() => product.close());

  it("say in at most twenty lines where to go and what to try", async () => {
    await until("everything is said", () => product.output().includes("one user, loopback"));
    const lines = product.output().trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(product.output()).toMatch(/Open {3}http:\/\/127\.0\.0\.1:\d+\/#t=/);
    expect(product.output()).toContain(`npx soma --data ${product.dataDir} ask "`);
    expect(product.output()).toContain("stop: Ctrl-C");
    expect(product.output()).toContain("a demo conversation that has just run");
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
    await product.start();
    expect((await product.soma("ask", "What is my favourite number?")).stdout).toBe("Your favourite number is 37.\n");
  });
});
