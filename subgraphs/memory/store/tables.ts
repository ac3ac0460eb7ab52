import { boolean, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** What is remembered. */
export const memoryItem = pgTable(
  "memory_item",
  {
    tenant: text("tenant").notNull(),
    memoryId: uuid("memory_id").notNull(),
    namespace: text("namespace").notNull(),
    sessionId: uuid("session_id").notNull(),
    role: text("role").notNull(),
    kind: text("kind").$type<"MESSAGE" | "FACT">().notNull(),
    content: text("content").notNull(),
    meta: jsonb("meta").notNull(),
    at: instant("at").notNull(),
    runId: uuid("run_id"),
    stepId: text("step_id"),
    idemKeyBase: text("idem_key_base").notNull(),
    idemSuffix: text("idem_suffix"),
    somabrainKey: text("somabrain_key").notNull(),
    createdAt: instant("created_at").notNull(),
    /** Who had it kept; null of what is older than this column. */
    subject: text("subject"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.memoryId] })],
);

/** What a caller's idempotency key stands for: two keys may stand for the same memory. */
export const memoryCall = pgTable(
  "memory_call",
  {
    tenant: text("tenant").notNull(),
    callKey: text("call_key").notNull(),
    /** Of the body the key was used with. */
    digest: text("digest").notNull(),
    memoryId: uuid("memory_id").notNull(),
    /** When the memory was forgotten; the digest is empty then. */
    forgottenAt: instant("forgotten_at"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.callKey] })],
);

/** How memories belong together. */
export const memoryEdge = pgTable(
  "memory_edge",
  {
    tenant: text("tenant").notNull(),
    sourceId: uuid("source_id").notNull(),
    relation: text("relation").notNull(),
    targetId: uuid("target_id").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.sourceId, table.relation, table.targetId] })],
);

/** Memories of which SomaBrain has given no proof yet. */
export const memoryUnsynced = pgTable(
  "memory_unsynced",
  {
    tenant: text("tenant").notNull(),
    memoryId: uuid("memory_id").notNull(),
    dueAt: instant("due_at").notNull(),
    attempts: integer("attempts").notNull(),
    fault: text("fault"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.memoryId] })],
);

/** Who brings memories to SomaBrain, and how that is. */
export const brainSync = pgTable("brain_sync", {
  onlyOne: boolean("only_one").primaryKey(),
  owner: uuid("owner"),
  expiresAt: instant("expires_at").notNull(),
  state: text("state").$type<"NORMAL" | "DEGRADED" | "DOWN">(),
  stateAt: instant("state_at"),
  dialect: text("dialect").$type<"MEMORY" | "MEMORY_API" | "LEGACY">(),
  probedAt: instant("probed_at"),
  fault: text("fault"),
});

export type SyncStateRow = Omit<typeof brainSync.$inferSelect, "onlyOne" | "owner" | "expiresAt">;
/** That something is to be forgotten, and what has gone. */
export const forgetting = pgTable(
  "forgetting",
  {
    tenant: text("tenant").notNull(),
    forgettingId: uuid("forgetting_id").notNull(),
    idemKey: text("idem_key").notNull(),
    scope: text("scope").$type<"MEMORY" | "SESSION" | "SUBJECT">().notNull(),
    target: text("target").notNull(),
    reason: text("reason").notNull(),
    orderedBy: text("ordered_by").notNull(),
    orderedAt: instant("ordered_at").notNull(),
    memories: integer("memories").notNull(),
    links: integer("links").notNull(),
    calls: integer("calls").notNull(),
    words: integer("words").notNull(),
    doneAt: instant("done_at"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.forgettingId] })],
);

/** The runs whose memories went. */
export const forgettingRun = pgTable(
  "forgetting_run",
  {
    tenant: text("tenant").notNull(),
    forgettingId: uuid("forgetting_id").notNull(),
    runId: uuid("run_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.forgettingId, table.runId] })],
);

export type MemoryRow = typeof memoryItem.$inferSelect;
export type MemoryCallRow = typeof memoryCall.$inferSelect;
export type EdgeRow = typeof memoryEdge.$inferSelect;
export type ForgettingRow = typeof forgetting.$inferSelect;
