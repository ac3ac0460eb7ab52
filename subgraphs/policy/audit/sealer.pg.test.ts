import { leafHash, treeHead } from "@soma/schemas/audit/merkle-tree";
import { leafText, sealText } from "@soma/schemas/audit/sealed-event";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { createKeys, type TestKeys } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyMigrations } from "../migrate.ts";
import { auditColumns } from "../store/audit-columns.ts";
import { insertAuditEvent } from "../store/insert-audit-event.ts";
import { sealColumns } from "../store/seal-columns.ts";
import type { AuditLeafRow, AuditRow, AuditSealRow } from "../store/tables.ts";
import { fillAudit } from "../testing/fill-policy.ts";
import { createSealSigner } from "./seal-signer.ts";
import { type SealerDeps, sealRound } from "./sealer.ts";
import { sha256, sha256Hex } from "./sha256.ts";
import { toSealedEvent } from "./to-sealed-event.ts";

let database: TestDatabase;
let keys: TestKeys;
let deps: SealerDeps;

beforeAll(async () => {
  database = await createTestDatabase("policy_sealer", await policyMigrations());
  keys = await createKeys();
  deps = { sql: database.worker, sign: createSealSigner(keys.privateKey) };
});
afterAll(() => database.close());

const sealsOf = (tenant: string) =>
  transaction(
    database.owner,
    {},
    (tx) => tx<AuditSealRow[]>`select ${sealColumns(tx)} from audit_seal
    where tenant = ${tenant} order by number`,
  );
const leavesOf = (tenant: string) => database.owner<AuditLeafRow[]>`select tenant, seq::float8 as seq,
  event_id as "eventId", salt, details_digest as "detailsDigest" from audit_leaf where tenant = ${tenant} order by seq`;

describe("sealRound()", () => {
  it("seals what waits of each tenant, a signed seal of at most a thousand each time, and comes to an end", async () => {
    const ids = await fillAudit(database.owner, { tenant: "acme", count: 1_001, fromMs: 1 });
    await fillAudit(database.owner, { tenant: "beta", count: 1, fromMs: 1 });
    expect(await sealRound(deps, "")).toEqual({ after: "", more: true });
    expect(await sealRound(deps, "")).toEqual({ after: "", more: false });
    await sealRound(deps, "");
    expect(await database.owner`select 1 from audit_unsealed`).toHaveLength(0);
    const seals = await sealsOf("acme");
    expect(seals.map(({ number, firstSeq, size }) => [number, firstSeq, size])).toEqual([
      [1, 1, 1_000],
      [2, 1_001, 1],
    ]);
    expect(await sealsOf("beta")).toMatchObject([{ number: 1, firstSeq: 1, size: 1, previous: "0".repeat(64) }]);
    expect((await leavesOf("acme")).map(({ eventId }) => eventId)).toEqual(ids);
    const [first, second] = seals.map((seal) => sealText({ ...seal, at: seal.at.toISOString() })) as [string, string];
    expect(seals[1]?.previous).toBe(sha256Hex(first));
    const key = await crypto.subtle.importKey("jwk", { ...keys.publicKey } as JsonWebKey, "Ed25519", true, ["verify"]);
    const signature = Buffer.from(seals[1]?.signature ?? "", "base64url");
    expect(await crypto.subtle.verify("Ed25519", key, signature, Buffer.from(second))).toBe(true);
    expect(await crypto.subtle.verify("Ed25519", key, signature, Buffer.from(first))).toBe(false);
  });

  it("signs the head of the tree over what is stored", async () => {
    await fillAudit(database.owner, { tenant: "tree", count: 5, fromMs: 1 });
    await sealRound(deps, "");
    const events = await transaction(
      database.owner,
      {},
      (tx) => tx<AuditRow[]>`select ${auditColumns(tx)}
      from audit_event where tenant = 'tree' order by event_id`,
    );
    const leaves = await leavesOf("tree");
    const hashes = events.map((event, i) =>
      leafHash(sha256, leafText(toSealedEvent(event, leaves[i] as AuditLeafRow))),
    );
    const head = Buffer.from(await treeHead(sha256, await Promise.all(hashes))).toString("hex");
    expect((await sealsOf("tree"))[0]?.head).toBe(head);
  });

  it("puts what commits late into a later seal, although its id is older", async () => {
    const [late] = await fillAudit(database.owner, { tenant: "staging", count: 1, fromMs: 5 });
    await sealRound(deps, "");
    const [older] = await fillAudit(database.owner, { tenant: "staging", count: 1, fromMs: 1 });
    await sealRound(deps, "");
    expect((await leavesOf("staging")).map(({ eventId }) => eventId)).toEqual([late, older]);
  });

  it("seals each event once when many seal at once", async () => {
    await fillAudit(database.owner, { tenant: "many", count: 50, fromMs: 1 });
    await Promise.all(Array.from({ length: 4 }, () => sealRound(deps, "")));
    expect((await sealsOf("many")).reduce((sum, { size }) => sum + size, 0)).toBe(50);
  });

  it("is not held up by ids that are of no event, or of one that has a seal", async () => {
    const [sealed] = await fillAudit(database.owner, { tenant: "noise", count: 1, fromMs: 1 });
    await sealRound(deps, "");
    await database.owner`insert into audit_unsealed values ('noise', ${sealed as string}), ('noise', gen_random_uuid())`;
    await sealRound(deps, "");
    expect(await sealsOf("noise")).toHaveLength(1);
    expect(await database.owner`select 1 from audit_unsealed`).toHaveLength(0);
  });
});

describe("the rights on the audit", () => {
  const event = { tenant: "rights", category: "policy", actor: "user:ada", subject: "tool:clock", decision: "allow" };
  const rest = { reason: "r", policyVersion: null, at: new Date(), traceId: null, meta: {} };

  it("let a request append and read, and neither role change or remove what is there", async () => {
    const eventId = "01990000-0000-7000-8000-000000000001";
    await transaction(database.request, { tenant: "rights" }, (tx) =>
      insertAuditEvent(tx, { ...event, ...rest, eventId }),
    );
    await sealRound(deps, "");
    expect(await sealsOf("rights")).toHaveLength(1);
    const attempts = ["audit_event", "audit_leaf", "audit_seal"].flatMap((table) => [
      `update ${table} set tenant = tenant`,
      `delete from ${table}`,
      `truncate ${table}`,
    ]);
    const refused = (sql: Sql, statement: string) =>
      expect(transaction(sql, { tenant: "rights" }, (tx) => tx.unsafe(statement))).rejects.toThrow("permission denied");
    for (const statement of attempts)
      for (const sql of [database.request, database.worker]) await refused(sql, statement);
    for (const table of ["audit_leaf", "audit_seal"])
      await refused(database.request, `insert into ${table} select * from ${table}`);
  });
});
