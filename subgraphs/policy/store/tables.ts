import {
  bigint,
  boolean,
  customType,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** Every answer of the policy engine. */
export const decision = pgTable(
  "decision",
  {
    tenant: text("tenant").notNull(),
    decisionId: uuid("decision_id").notNull(),
    allow: boolean("allow").notNull(),
    reason: text("reason").notNull(),
    obligations: jsonb("obligations").notNull(),
    tool: text("tool").notNull(),
    toolVersion: text("tool_version").notNull(),
    risk: text("risk").notNull(),
    actor: text("actor").notNull(),
    role: text("role").notNull(),
    argsDigest: text("args_digest").notNull(),
    policyVersion: text("policy_version").notNull(),
    // Null in what was decided before they were kept.
    policyRevision: text("policy_revision"),
    dataRevision: text("data_revision"),
    inputDigest: text("input_digest"),
    runId: uuid("run_id"),
    stepId: text("step_id"),
    idemKey: text("idem_key").notNull(),
    idemDigest: text("idem_digest").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.decisionId] })],
);

/** What the policy was asked, as canonical JSON. */
export const decisionInput = pgTable(
  "decision_input",
  {
    tenant: text("tenant").notNull(),
    digest: text("digest").notNull(),
    input: text("input").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.digest] })],
);

/** Compiled policies that have decided, of the installation and not of a tenant. */
export const policyBundle = pgTable("policy_bundle", {
  digest: text("digest").primaryKey(),
  wasm: bytea("wasm").notNull(),
  keptAt: instant("kept_at").notNull(),
});

/** What they read as data, as canonical JSON. */
export const policyData = pgTable("policy_data", {
  digest: text("digest").primaryKey(),
  data: text("data").notNull(),
  keptAt: instant("kept_at").notNull(),
});

/** What a reviewer may ask about. */
export const auditEvent = pgTable(
  "audit_event",
  {
    tenant: text("tenant").notNull(),
    eventId: uuid("event_id").notNull(),
    category: text("category").notNull(),
    actor: text("actor").notNull(),
    subject: text("subject").notNull(),
    decision: text("decision").notNull(),
    reason: text("reason").notNull(),
    policyVersion: text("policy_version"),
    at: instant("at").notNull(),
    traceId: text("trace_id"),
    meta: jsonb("meta").notNull(),
    // Postgres makes these, for the indexes of lists.
    actorHash: bigint("actor_hash", { mode: "bigint" }).notNull(),
    subjectHash: bigint("subject_hash", { mode: "bigint" }).notNull(),
    decisionHash: bigint("decision_hash", { mode: "bigint" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.eventId] })],
);

/** Events that no seal covers yet. */
export const auditUnsealed = pgTable(
  "audit_unsealed",
  { tenant: text("tenant").notNull(), eventId: uuid("event_id").notNull() },
  (table) => [primaryKey({ columns: [table.tenant, table.eventId] })],
);

/** The place of a sealed event, and the digest of what of it can be erased. */
export const auditLeaf = pgTable(
  "audit_leaf",
  {
    tenant: text("tenant").notNull(),
    seq: bigint("seq", { mode: "number" }).notNull(),
    eventId: uuid("event_id").notNull(),
    salt: text("salt").notNull(),
    detailsDigest: text("details_digest").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.seq] })],
);

/** Signed heads of the trees over them. */
export const auditSeal = pgTable(
  "audit_seal",
  {
    tenant: text("tenant").notNull(),
    number: bigint("number", { mode: "number" }).notNull(),
    firstSeq: bigint("first_seq", { mode: "number" }).notNull(),
    size: integer("size").notNull(),
    head: text("head").notNull(),
    previous: text("previous").notNull(),
    at: instant("at").notNull(),
    keyId: text("key_id"),
    signature: text("signature").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.number] })],
);

export type DecisionRow = typeof decision.$inferSelect;
export type AuditRow = Omit<typeof auditEvent.$inferSelect, "actorHash" | "subjectHash" | "decisionHash">;
export type AuditLeafRow = typeof auditLeaf.$inferSelect;
export type AuditSealRow = typeof auditSeal.$inferSelect;
