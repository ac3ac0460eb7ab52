import { bigint, boolean, jsonb, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

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
    runId: uuid("run_id"),
    stepId: text("step_id"),
    idemKey: text("idem_key").notNull(),
    idemDigest: text("idem_digest").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.decisionId] })],
);

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

export type DecisionRow = typeof decision.$inferSelect;
export type AuditRow = Omit<typeof auditEvent.$inferSelect, "actorHash" | "subjectHash" | "decisionHash">;
