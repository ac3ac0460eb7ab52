import {
  boolean,
  customType,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import type { Overlap } from "../domain/schedule.ts";

const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** A conversation; its runs follow one another. */
export const session = pgTable(
  "session",
  {
    tenant: text("tenant").notNull(),
    sessionId: uuid("session_id").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    title: text("title"),
    titledBy: text("titled_by"),
    titledAt: instant("titled_at"),
    forkedFromSessionId: uuid("forked_from_session_id"),
    forkedFromRunId: uuid("forked_from_run_id"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.sessionId] })],
);

/** One durable execution. */
export const run = pgTable("run", {
  runId: uuid("run_id").primaryKey(),
  tenant: text("tenant").notNull(),
  sessionId: uuid("session_id").notNull(),
  graph: text("graph").notNull(),
  graphVersion: integer("graph_version").notNull(),
  graphHash: text("graph_hash").notNull(),
  role: text("role").notNull(),
  modelProfile: text("model_profile").notNull(),
  input: jsonb("input").notNull(),
  startedBy: text("started_by").notNull(),
  priority: smallint("priority").notNull(),
  status: smallint("status").notNull(),
  control: smallint("control").notNull(),
  recoveries: smallint("recoveries").notNull(),
  idemKey: text("idem_key").notNull(),
  idemDigest: text("idem_digest").notNull(),
  traceParent: text("trace_parent").notNull(),
  requestId: text("request_id").notNull().default(""),
  createdAt: instant("created_at").notNull(),
  startedAt: instant("started_at"),
  finishedAt: instant("finished_at"),
  forkedFromRunId: uuid("forked_from_run_id"),
  forkedFromSeq: integer("forked_from_seq"),
  parentRunId: uuid("parent_run_id"),
  rootRunId: uuid("root_run_id"),
  erasedAt: instant("erased_at"),
});

/** The log: checkpoint, event and outbox in one row. */
export const journal = pgTable(
  "journal",
  {
    runId: uuid("run_id").notNull(),
    seq: integer("seq").notNull(),
    tenant: text("tenant").notNull(),
    kind: smallint("kind").notNull(),
    step: integer("step").notNull(),
    node: text("node"),
    nodeType: text("node_type"),
    attempt: smallint("attempt").notNull(),
    at: instant("at").notNull(),
    payload: jsonb("payload").notNull(),
    payloadHash: bytea("payload_hash").notNull(),
    hash: bytea("hash").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.seq] })],
);

/** What starts runs at the times of a cron expression. */
export const schedule = pgTable(
  "schedule",
  {
    tenant: text("tenant").notNull(),
    scheduleId: uuid("schedule_id").notNull(),
    name: text("name").notNull(),
    cron: text("cron").notNull(),
    timeZone: text("time_zone").notNull(),
    overlap: text("overlap").$type<Overlap>().notNull(),
    graph: text("graph").notNull(),
    input: jsonb("input").notNull(),
    role: text("role").notNull(),
    modelProfile: text("model_profile").notNull(),
    sessionId: uuid("session_id"),
    createdBy: text("created_by").notNull(),
    idemKey: text("idem_key").notNull(),
    idemDigest: text("idem_digest").notNull(),
    createdAt: instant("created_at").notNull(),
    isPaused: boolean("is_paused").notNull(),
    nextAt: instant("next_at"),
    lastTickAt: instant("last_tick_at"),
    lastRunId: uuid("last_run_id"),
    fault: text("fault"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.scheduleId] })],
);

/** Who keeps a run from being erased and from going away, and who let it go. */
export const hold = pgTable(
  "hold",
  {
    tenant: text("tenant").notNull(),
    holdId: uuid("hold_id").notNull(),
    runId: uuid("run_id").notNull(),
    reason: text("reason").notNull(),
    heldBy: text("held_by").notNull(),
    heldAt: instant("held_at").notNull(),
    idemKey: text("idem_key").notNull(),
    releaseReason: text("release_reason"),
    releasedBy: text("released_by"),
    releasedAt: instant("released_at"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.holdId] })],
);

/** Who had a run erased, with all that it has started. */
export const erasure = pgTable(
  "erasure",
  {
    tenant: text("tenant").notNull(),
    runId: uuid("run_id").notNull(),
    reason: text("reason").notNull(),
    erasedBy: text("erased_by").notNull(),
    erasedAt: instant("erased_at").notNull(),
    doneAt: instant("done_at"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.runId] })],
);

export type HoldRow = typeof hold.$inferSelect;
export type ErasureRow = typeof erasure.$inferSelect;
export type RunRow = typeof run.$inferSelect;
export type SessionRow = typeof session.$inferSelect;
export type ScheduleRow = typeof schedule.$inferSelect;
