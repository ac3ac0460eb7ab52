import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordedDecision } from "@soma/schemas/verdict/recorded-decision";
import { parseVerdictLine } from "@soma/schemas/verdict/verdict-lines";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createRecorder, DATA, readShipped } from "../../../schemas/verdict/testing/decided.ts";
import { readExport } from "../export-file.ts";
import type { Product } from "../find-product.ts";
import { printed, startStubProduct, written } from "../testing/stub-product.ts";
import { tellOf } from "../testing/tell-of.ts";
import { loadCandidate } from "./candidate.ts";
import { evalInput } from "./eval-input.ts";
import { explainDecision } from "./explain-decision.ts";
import { exportDecisions } from "./export-decisions.ts";
import { replayDecisions } from "./replay-decisions.ts";
import { verifyDecisions } from "./verify-decisions.ts";

let folder: string;
let product: Product;
let wasm: Uint8Array;
let decisions: RecordedDecision[];
/** What the product answers for its decisions, and whether it lets one see their records. */
let shown: RecordedDecision[];
let mayRecompute = true;
/** Policies and data that the product does not have any more. */
let gone: unknown[] = [];
const isGone = (asked: Record<string, unknown>) => Object.values(asked).some((revision) => gone.includes(revision));
let close = (): void => {};

/** A decision as the API gives it. */
function toFields({ risk, runId, stepId, record, ...decision }: RecordedDecision) {
  const { tenant, ...rest } = decision;
  return {
    ...rest,
    risk: risk.toUpperCase(),
    run: runId === null ? null : { id: runId },
    step: stepId === null ? null : { id: stepId },
    input: record?.input ?? null,
    record: record === null ? null : { tenant, ...record },
  };
}

/** A page of decisions, one at a time, from either end. */
function pageOf({ after, before, last }: Record<string, unknown>): object {
  const backward = last !== undefined && last !== null;
  const at = shown.findIndex(({ id }) => id === (backward ? before : after));
  const next = backward ? (at === -1 ? shown.length : at) - 1 : at + 1;
  const nodes = shown.slice(next, next + 1);
  const cursors = { startCursor: nodes[0]?.id ?? null, endCursor: nodes[0]?.id ?? null };
  const more = { hasNextPage: next + 1 < shown.length, hasPreviousPage: next > 0 };
  return { nodes: nodes.map(toFields), pageInfo: { ...cursors, ...more } };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-policy-"));
  wasm = await readShipped();
  const decide = await createRecorder(wasm);
  decisions = [
    decide({ role: "assistant", tool: "clock", risk: "low", args: { zone: "UTC" } }, 1),
    decide({ role: "nobody", tool: "clock", risk: "low", args: {} }, 2),
    decide({ role: "ghost", tool: "clock\u001b[2J", risk: "low", args: {} }, 3),
  ];
  shown = decisions;
  const policy = { policyRevision: "p", dataRevision: "d", wasm: Buffer.from(wasm).toString("base64"), data: DATA };
  ({ product, close } = await startStubProduct(({ query = "", variables }) => {
    if (query.includes("policy(")) return { data: { policy: isGone(variables) ? null : policy } };
    if (query.includes("decisions(")) return { data: { decisions: pageOf(variables) } };
    const decision = shown.find(({ id }) => id === variables.id);
    if (query.includes("record {") && !mayRecompute)
      return { data: null, errors: [{ message: "no", extensions: { code: "FORBIDDEN" } }] };
    return { data: { decision: decision === undefined ? null : toFields(decision) } };
  }));
});
afterAll(async () => {
  close();
  await rm(folder, { recursive: true });
});

/** What a command prints, and what it fails with. */
async function told(work: () => Promise<void>): Promise<{ stdout: string; failed: unknown }> {
  let failed: unknown;
  const { stdout } = await written(() =>
    work().catch((error: unknown) => {
      failed = error;
    }),
  );
  return { stdout, failed };
}

async function exported(): Promise<string> {
  const file = join(folder, "decisions.jsonl");
  await writeFile(file, await printed(() => exportDecisions(product, {})));
  return file;
}

const nobody = (): Promise<Product> => Promise.reject(new Error("a product was asked"));
const ALL_FOLLOW = "3 decisions: 3 follow, 0 differ, 0 are altered, 0 cannot be recomputed\n";

describe("soma policy export, verify", () => {
  it("recomputes a product's decisions, and those of a file without any product", async () => {
    const of = (file?: string) => printed(() => verifyDecisions(async () => product, { file, json: false }));
    expect(await of()).toBe(ALL_FOLLOW);
    const file = await exported();
    expect(await printed(() => verifyDecisions(nobody, { file, json: false }))).toBe(ALL_FOLLOW);
    expect((await readFile(file, "utf8")).split("\n").map((line) => /"kind":"(\w+)"/.exec(line)?.[1])).toEqual([
      ...["head", "policy", "data", "decision", "decision", "decision", "end", undefined],
    ]);
  });

  it("reads lines that end as a file of Windows has them, and texts with what ends a line elsewhere", async () => {
    const decide = await createRecorder(wasm);
    shown = [decide({ role: "assistant", tool: "clock", risk: "low", args: "a\u2028b\u2029c" })];
    const file = await exported();
    shown = decisions;
    const text = await readFile(file, "utf8");
    expect(text).toContain("a\u2028b\u2029c");
    for (const kept of [text, text.replaceAll("\n", "\r\n\r\n"), text.trimEnd()]) {
      await writeFile(file, kept);
      expect(await printed(() => verifyDecisions(nobody, { file, json: false }))).toMatch(/^1 decisions: 1 follow/);
    }
  });

  it("refuses a line that does not end, and a folder, instead of taking them into memory", async () => {
    const file = await exported();
    const read = Array.fromAsync(readExport(file, parseVerdictLine, 1_000));
    await expect(read).rejects.toThrow("line 2 has more than 1000 characters");
    const { failed } = await told(() => verifyDecisions(nobody, { file: folder, json: false }));
    expect(failed).toMatchObject({ code: "NOT_FOUND", exitCode: 2 });
  });

  it("has the data of a policy that is gone, by which others decided, too", async () => {
    gone = [decisions[0]?.record?.policyRevision];
    const file = await exported();
    gone = [];
    expect((await readFile(file, "utf8")).split("\n").map((line) => /"kind":"(\w+)"/.exec(line)?.[1])).toEqual([
      ...["head", "data", "decision", "decision", "decision", "end", undefined],
    ]);
    const { stdout } = await told(() => verifyDecisions(nobody, { file, json: false }));
    expect(stdout).toContain("3 decisions: 0 follow, 0 differ, 0 are altered, 3 cannot be recomputed");
  });

  it("waits for whoever reads it, and keeps nothing meanwhile", async () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(String(text)) === 0);
    const done = exportDecisions(product, {});
    for (let n = 1; n <= 7; n += 1) {
      await vi.waitFor(() => expect(lines).toHaveLength(n), { interval: 1 });
      process.stdout.emit("drain");
    }
    await done;
    write.mockRestore();
  });

  it("names each that does not follow, with what is stored and what follows, and fails", async () => {
    const file = await exported();
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"allow":false', '"allow":true'));
    const { stdout, failed } = await told(() => verifyDecisions(nobody, { file, json: false }));
    const id = decisions[1]?.id;
    expect(stdout).toBe(
      `DIFFERS decision ${id}: it is allowed, and denied follows
  stored      allowed: role nobody may not call clock
  recomputed  denied: role nobody may not call clock

3 decisions: 2 follow, 1 differ, 0 are altered, 0 cannot be recomputed\n`,
    );
    expect(failed).toMatchObject({ code: "VERDICTS_DIFFER", exitCode: 1 });
    const json = await told(() => verifyDecisions(nobody, { file, json: true }));
    expect(JSON.parse(json.stdout)).toMatchObject({ follow: 2, differ: 1, findings: [{ id, kind: "DIFFERS" }] });
    expect([json.failed, process.exitCode]).toEqual([undefined, 1]);
    process.exitCode = undefined;
  });

  it("takes a span of time, and says so when a file is none, is cut off, or is not there", async () => {
    const file = await exported();
    const from = decisions[2]?.createdAt;
    expect(await printed(() => verifyDecisions(nobody, { file, from, json: false }))).toMatch(/^1 decisions: 1 follow/);
    const to = decisions[2]?.createdAt;
    expect(await printed(() => verifyDecisions(nobody, { file, to, json: false }))).toMatch(/^2 decisions: 2 follow/);
    await writeFile(file, (await readFile(file, "utf8")).split("\n").slice(0, 5).join("\n"));
    const cut = await told(() => verifyDecisions(nobody, { file, json: false }));
    expect(cut.failed).toMatchObject({ code: "EXPORT_BROKEN", message: expect.stringContaining("it is cut off") });
    await writeFile(file, "something else\n");
    const none = await told(() => verifyDecisions(nobody, { file, json: false }));
    expect(none.failed).toMatchObject({ code: "EXPORT_BROKEN", message: expect.stringContaining("line 1") });
    const gone = await told(() => verifyDecisions(nobody, { file: join(folder, "nowhere"), json: false }));
    expect(gone.failed).toMatchObject({ code: "NOT_FOUND", exitCode: 2 });
  });
});

describe("soma policy explain", () => {
  const explain = (id: string, json = false) => told(() => explainDecision(product, { id, json }));

  it("shows what was asked and answered, which rules held, and whether it follows", async () => {
    const { stdout } = await explain(decisions[1]?.id ?? "");
    expect(stdout).toMatch(/verdict +denied: role nobody may not call clock\n/);
    expect(stdout).toMatch(/"role": "nobody"/);
    expect(stdout).toMatch(/known_role +holds\nlisted +does not hold\n|listed +does not hold\n/);
    expect(stdout).toContain("the verdict follows from them");
    const { stdout: json } = await explain(decisions[1]?.id ?? "", true);
    expect(JSON.parse(json)).toMatchObject({ allow: false, rules: { known_role: true }, finding: null });
  });

  it("writes nothing that acts on a terminal, and says what is missing", async () => {
    expect((await explain(decisions[2]?.id ?? "")).stdout).not.toContain("\u001b");
    expect((await explain("none")).failed).toMatchObject({ code: "NOT_FOUND" });
    shown = decisions.map((decision) => ({ ...decision, record: null }));
    expect((await explain(decisions[0]?.id ?? "")).stdout).toMatch(/what was asked is not kept\n\nwhat is needed/);
    shown = decisions;
    mayRecompute = false;
    expect((await explain(decisions[0]?.id ?? "")).stdout).toContain("for the role operator only");
    mayRecompute = true;
  });

  it("says where a verdict does not follow", async () => {
    shown = decisions.map((decision) => ({ ...decision, reason: "because" }));
    expect((await explain(decisions[0]?.id ?? "")).stdout).toContain("it does not follow: its reason is another one");
    shown = decisions;
  });
});

describe("soma policy eval", () => {
  it("asks the product's policy, and stores nothing", async () => {
    const input = join(folder, "input.json");
    await writeFile(input, decisions[0]?.record?.input ?? "");
    const { stdout } = await told(() => evalInput(product, { input, json: false }));
    expect(stdout).toMatch(/^allowed: role assistant may call clock\ngood for 3600 s at most\n\n--- rules\n/);
    const { stdout: json } = await told(() => evalInput(product, { input, json: true }));
    expect(JSON.parse(json)).toMatchObject({ allow: true, rules: { listed: true } });
    await writeFile(input, "{");
    const { failed } = await told(() => evalInput(product, { input, json: false }));
    expect(failed).toMatchObject({ code: "BAD_INPUT", exitCode: 2 });
  });
});

describe("soma policy replay", () => {
  /** A folder whose policy gives other reasons, or with another texts, by bytes of the same length. */
  async function changed(from: string, to: string): Promise<string> {
    const dir = await mkdtemp(join(folder, "changed-"));
    const bytes = Buffer.from(wasm);
    for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1)) bytes.write(to, at);
    await writeFile(join(dir, "tools.wasm"), bytes);
    return dir;
  }
  const replay = (policy: string, json = false, last = 1_000) =>
    told(() => replayDecisions(product, { policy, last, json }));

  it("lists which of the newest decisions another policy would make in another way", async () => {
    const same = await replay(await changed("decision", "decision"));
    expect(same.stdout).toContain("3 decisions: 0 would be denied, 0 would be allowed, 0 would say something else");
    // The same policy with the name of another list in its roles: nobody is let do anything.
    const strict = await replay(await changed("tools", "toolz"));
    expect(strict.stdout).toContain("3 decisions: 1 would be denied, 0 would be allowed");
    expect(strict.stdout).toMatch(/would be denied +allowed: role assistant may call clock +denied: /);
    const { stdout } = await replay(await changed("may not call", "cannot call "), true);
    expect(JSON.parse(stdout)).toMatchObject({
      decisions: 3,
      skipped: 0,
      changes: [{ id: decisions[1]?.id, change: "SAYS", now: { reason: "role nobody may not call clock" } }],
    });
    expect((await replay(await changed("tools", "toolz"), false, 2)).stdout).toContain(
      "2 decisions: 0 would be denied",
    );
  });

  it("says what it cannot ask, and how to write a policy that it can", async () => {
    shown = decisions.map((decision) => ({ ...decision, record: null }));
    expect((await replay(await changed("a", "a"))).stdout).toContain("of 3 is not kept what was asked");
    shown = decisions;
    const empty = await mkdtemp(join(folder, "empty-"));
    expect((await replay(empty)).failed).toMatchObject({ code: "BAD_INPUT", exitCode: 2 });
    expect((await replay(join(folder, "nowhere"))).failed).toMatchObject({ code: "NOT_FOUND", exitCode: 2 });
    await writeFile(join(empty, "tools.wasm"), "no wasm");
    expect((await replay(empty)).failed).toMatchObject({ code: "POLICY_BROKEN", exitCode: 1 });
  });

  it("asks the installation to compile .rego files", async () => {
    const dir = await mkdtemp(join(folder, "rego-"));
    await writeFile(join(dir, "tools.rego"), "package soma.tools\n");
    const compiled = { report: { wasm: Buffer.from(wasm).toString("base64") } };
    const asked = await tellOf(dir, compiled, async (program) => {
      expect((await loadCandidate(dir, program)).fault).toBeUndefined();
    });
    expect(asked).toMatchObject({ failed: undefined, args: ["--compile", dir] });
    const refused = await tellOf(dir, { error: "there is no OPA" }, (program) =>
      loadCandidate(dir, program).then(() => {}),
    );
    expect(refused.failed).toMatchObject({
      code: "POLICY_BROKEN",
      message: expect.stringContaining("there is no OPA"),
    });
  });
});
