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
export type MemoryRow = typeof memoryItem.$inferSelect;
export type MemoryCallRow = typeof memoryCall.$inferSelect;
export type EdgeRow = typeof memoryEdge.$inferSelect;
