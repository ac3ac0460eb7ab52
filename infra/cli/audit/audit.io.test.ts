import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditLine } from "@soma/schemas/audit/audit-lines";
import { hashOfEvent, sha256 } from "@soma/schemas/audit/inclusion-proof";
import { inclusionPath } from "@soma/schemas/audit/merkle-tree";
import { canonicalJson } from "@soma/schemas/json";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSealing } from "../../../schemas/audit/testing/sealed-audit.ts";
import type { Product } from "../find-product.ts";
import { startStubProduct, written } from "../testing/stub-product.ts";
import { exportAudit } from "./export-audit.ts";
import { proveEvent } from "./prove-event.ts";
import { verifyExport } from "./verify-export.ts";

const sealing = createSealing();
/** Pages of the API end within a seal, and with one. */
const PAGE = 2;
let folder: string;
let keys: string;
let lines: AuditLine[];
let product: Product;
let close = (): void => {};

const ofKind = <K extends AuditLine["kind"]>(kind: K) =>
  lines.filter((line): line is Extract<AuditLine, { kind: K }> => line.kind === kind);

async function proofOf(eventId: unknown) {
  const events = ofKind("event").map(({ event }) => event);
  const event = events.find((each) => each.eventId === eventId);
  const seal = ofKind("seal").find((each) => event && event.seq < each.seal.firstSeq + each.seal.size)?.seal;
  if (event === undefined || seal === undefined) return null;
  const covered = events.slice(seal.firstSeq - 1, seal.firstSeq - 1 + seal.size);
  const path = await inclusionPath(sha256, await Promise.all(covered.map(hashOfEvent)), event.seq - seal.firstSeq);
  return { event, seal, path: path.map((each) => Buffer.from(each).toString("hex")) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-audit-"));
  keys = join(folder, "keys.json");
  await writeFile(keys, JSON.stringify({ keys: [sealing.publicKey] }));
  lines = await sealing.audit([3, 1, 2]);
  const proofs = new Map(
    await Promise.all(ofKind("event").map(async ({ event: { eventId } }) => [eventId, await proofOf(eventId)] as const)),
  );
  ({ product, close } = await startStubProduct(({ query = "", variables }) => {
    const page = <T>(all: T[], placeOf: (each: T) => number) =>
      all.filter((each) => placeOf(each) > Number(variables.after)).slice(0, PAGE);
    const events = ofKind("event").map(({ event }) => event);
    const seals = ofKind("seal").map(({ seal }) => seal);
    if (query.includes("auditSeals(")) return { data: { auditSeals: page(seals, ({ number }) => number) } };
    if (query.includes("sealedEvents(")) return { data: { sealedEvents: page(events, ({ seq }) => seq) } };
    if (query.includes("viewer")) return { data: { viewer: { tenant: "acme" } } };
    return { data: { auditProof: proofs.get(String(variables.eventId)) ?? null } };
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
  const out = join(folder, "audit.jsonl");
  await told(() => exportAudit(product, { out, json: false }));
  return out;
}

const verify = (file: string, options: { keys?: string; kept?: string; json?: boolean } = { keys }) =>
  told(() => verifyExport({ file, json: false, ...options }));

describe("soma audit export, verify", () => {
  it("writes what a product has sealed, the same bytes each time, and finds nothing in it", async () => {
    const out = await exported();
    expect(await readFile(out, "utf8")).toBe(lines.map((line) => `${canonicalJson(line)}\n`).join(""));
    const { stdout } = await told(() => exportAudit(product, { out, json: true }));
    const { newest, ...counts } = JSON.parse(stdout);
    expect(counts).toEqual({ seals: 3, events: 6 });
    const digest = newest.digest as string;
    expect((await told(() => exportAudit(product, { out, json: false }))).stdout).toContain(digest);
    const whole = await verify(out, { keys, kept: digest });
    expect(whole).toEqual({ stdout: `3 seals, 6 events; seal 3 has the digest ${digest}\n`, failed: undefined });
    expect((await verify(out, {})).stdout).toContain("nobody's signature was checked");
  });

  it("names what was altered, and fails", async () => {
    const out = await exported();
    const text = await readFile(out, "utf8");
    const kept = text.split("\n").filter((line) => !line.includes('"seq":2,'));
    await writeFile(out, kept.join("\n").replace('"number":3', '"number":4'));
    const { stdout, failed } = await verify(out);
    expect(stdout).toMatch(/^event 3 \(\S+\): event 2 should stand here\nseal 1: it covers 3 events, and 2 are here\n/);
    expect(stdout).toContain("\nseal 4: seal 3 should stand here\n");
    expect(stdout).toContain("\nthe file: its end names 3 seals and 6 events");
    expect(failed).toMatchObject({ code: "AUDIT_ALTERED", exitCode: 1 });
    const json = await verify(out, { keys, json: true });
    expect(JSON.parse(json.stdout)).toMatchObject({ seals: 3, events: 5, signatures: true, found: 5 });
    expect(JSON.parse(json.stdout).findings).toHaveLength(5);
    expect([json.failed, process.exitCode]).toEqual([undefined, 1]);
    process.exitCode = undefined;
  });

  it("says so when a file is none, or cannot be read or written, and when there is no key", async () => {
    const out = await exported();
    expect((await verify(keys)).failed).toMatchObject({ code: "EXPORT_BROKEN", exitCode: 1 });
    expect((await verify(join(folder, "none"))).failed).toMatchObject({ code: "NOT_FOUND", exitCode: 2 });
    for (const wrong of [out, join(folder, "none")])
      expect((await verify(out, { keys: wrong })).failed).toMatchObject({ code: "BAD_INPUT", exitCode: 2 });
    const { failed } = await told(() => exportAudit(product, { out: folder, json: false }));
    expect(failed).toMatchObject({ code: "BAD_INPUT", exitCode: 2 });
  });
});

describe("soma audit prove", () => {
  const prove = (id: string, json = false, file: string | undefined = keys) =>
    told(() => proveEvent(product, { id, keys: file, json }));

  it("checks the proof that a seal covers an event, and shows it", async () => {
    const id = ofKind("event")[1]?.event.eventId ?? "";
    expect((await prove(id)).stdout).toBe(
      "event 2 of the audit of acme is as it was sealed: seal 1 of 2026-01-01T00:00:00.000Z\n",
    );
    const shown = JSON.parse((await prove(id, true)).stdout);
    expect(shown).toMatchObject({ ...(await proofOf(id)), signature: true, fault: null });
    expect((await prove("none")).failed).toMatchObject({ code: "NOT_FOUND", exitCode: 1 });
  });

  it("fails when somebody else signed the seal", async () => {
    const id = ofKind("event")[1]?.event.eventId ?? "";
    const others = join(folder, "others.json");
    await writeFile(others, JSON.stringify(createSealing().publicKey));
    expect((await prove(id, false, others)).failed).toMatchObject({ code: "AUDIT_ALTERED", exitCode: 1 });
    expect(JSON.parse((await prove(id, true, others)).stdout).fault).toContain("signature");
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
  });
});
