import type { StreamStatus } from "@soma/schemas/run-history";
import type { Effect, Isolation } from "@soma/sdk/define-tool";
import {
  boolean,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import type { InvocationStatus } from "../domain/invocation.ts";
import type { AskedBy } from "../domain/tool-result.ts";

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** One life of a tools process. */
export const executor = pgTable("executor", {
  executorId: uuid("executor_id").primaryKey(),
  /** Number of the advisory lock that says it lives. */
  no: integer("no").notNull(),
  startedAt: instant("started_at").notNull(),
});

/** One call of a tool. */
export const invocation = pgTable(
  "invocation",
  {
    tenant: text("tenant").notNull(),
    invocationId: uuid("invocation_id").notNull(),
    idempotencyKey: text("idempotency_key").notNull(),
    actor: text("actor").notNull(),
    tool: text("tool").notNull(),
    toolVersion: text("tool_version").notNull(),
    effect: text("effect").$type<Effect>().notNull(),
    isolation: text("isolation").$type<Isolation>().notNull(),
    args: jsonb("args").notNull(),
    argsDigest: text("args_digest").notNull(),
    decisionId: uuid("decision_id").notNull(),
    runId: uuid("run_id"),
    stepId: text("step_id"),
    traceId: text("trace_id").notNull(),
    status: text("status").$type<InvocationStatus>().notNull(),
    attempt: integer("attempt").notNull(),
    executorId: uuid("executor_id").notNull(),
    /** Number n of the current attempt's start frame. */
    firstFrame: integer("first_frame").notNull(),
    cancelRequested: boolean("cancel_requested").notNull(),
    outputBytes: integer("output_bytes").notNull(),
    errorType: text("error_type"),
    errorMessage: text("error_message"),
    executionMs: doublePrecision("execution_ms"),
    startedAt: instant("started_at").notNull(),
    finishedAt: instant("finished_at"),
    /** Since when it waits without an executor for its next call. */
    lostAt: instant("lost_at"),
    /** Attempts that were given back and count for nothing. */
    givenBack: integer("given_back").notNull(),
    /** The request on the bus that it answers. */
    askedBy: jsonb("asked_by").$type<AskedBy>(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.invocationId] })],
);

/** What a tool wrote, in the order it wrote it. */
export const streamFrame = pgTable(
  "stream_frame",
  {
    tenant: text("tenant").notNull(),
    invocationId: uuid("invocation_id").notNull(),
    attempt: integer("attempt").notNull(),
    /** Place in the attempt's stream, from 0. */
    seq: integer("seq").notNull(),
    /** Place among all frames of the invocation, from 0. */
    n: integer("n").notNull(),
    kind: text("kind").$type<"start" | "data" | "end">().notNull(),
    data: text("data"),
    status: text("status").$type<StreamStatus>(),
    bytes: integer("bytes"),
    sha256: text("sha256"),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.invocationId, table.attempt, table.seq] })],
);

export type InvocationRow = typeof invocation.$inferSelect;
export type FrameRow = typeof streamFrame.$inferSelect;
