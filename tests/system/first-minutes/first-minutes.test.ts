import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";

const up = fileURLToPath(new URL("../../../infra/local/up.ts", import.meta.url));

function runUp(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [up, ...args], { timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
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
    expect(product.output()).toContain("npx soma ask");
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
    const second = await runUp("--data", product.dataDir);
    expect(second.code).toBe(1);
    expect(second.output).toContain(`soma is running already on ${product.dataDir}`);
    expect(second.output).toContain(product.url());
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

  it("survive a stop and a second start, on the same data and another port when the old one is taken", async () => {
    await product.stop();
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const clash = execFile(process.execPath, [up, "--data", product.dataDir, "--port", String(port)]);
    let output = "";
    clash.stdout?.on("data", (chunk: string) => (output += chunk));
    await new Promise<void>((resolve) => clash.stdout?.on("data", () => output.includes("stop: Ctrl-C") && resolve()));
    expect(output).toContain(`Port ${port} is taken by another program`);
    clash.kill("SIGTERM");
    await new Promise((resolve) => clash.once("exit", resolve));
    other.close();
    await product.start();
    expect((await product.soma("ask", "What is my favourite number?")).stdout).toBe("Your favourite number is 37.\n");
  });
});
