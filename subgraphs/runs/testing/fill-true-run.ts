import { CHAIN_START, payloadText } from "@soma/schemas/run-chain";
import { EVENT_KIND, type EventKind } from "@soma/schemas/run-history";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { chain } from "../domain/chain.ts";
import { RUN_STATUS } from "../domain/run-status.ts";

/** An event as a test tells it: of a step as "number node", or of the run itself. */
export interface ToldEvent {
  kind: EventKind;
  step?: string;
  payload?: object;
  attempt?: number;
  /** Milliseconds since 1970; when it is added, when left out. */
  atMs?: number;
}

interface TrueRunParams {
  tenant: string;
  /** What it was asked. */
  text: string;
  /** When it began, in milliseconds since 1970; now, when left out. */
  atMs?: number;
}

export interface TrueRun {
  runId: string;
  sessionId: string;
  /** Adds events to its history, and says so to those who follow it. */
  append(events: readonly ToldEvent[]): Promise<void>;
  /** It has succeeded: what is appended with it is the last. */
  end(events: readonly ToldEvent[]): Promise<void>;
}

/** A statement has a time limit. */
const AT_ONCE = 5_000;

/**
 * A paused run of the assistant that no worker takes, whose events have true hashes, as whoever follows it verifies them. It
 * has the events that the caller adds. `owner` is a connection of the schema's owner.
 */
export async function fillTrueRun(owner: Sql, { tenant, text, atMs }: TrueRunParams): Promise<TrueRun> {
  const [runId, sessionId] = [newId("Run"), newId("Session")];
  const head = { seq: 0, hash: CHAIN_START };
  const of = { graph: "assistant", role: "assistant", modelProfile: "scripted", input: { text } };
  await owner`insert into session (tenant, session_id, created_by) values (${tenant}, ${sessionId}, 'user:ada')`;
  await owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
      status, deadline, idem_key, idem_digest, trace_parent, started_at)
    values (${runId}, ${tenant}, ${sessionId}, ${of.graph}, 1, 'h', ${of.role}, ${of.modelProfile}, ${JSON.stringify(of.input)}::text::jsonb,
      'user:ada', ${RUN_STATUS.PAUSED.code}, now() + interval '1 day', ${runId}, '', '', now())`;

  const append = async (events: readonly ToldEvent[]): Promise<void> => {
    const rows = events.map((event) => toRow(runId, head, event));
    for (let from = 0; from < rows.length; from += AT_ONCE)
      await owner`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
        select ${runId}, e.seq, ${tenant}, 0, 0, e.kind, e.step, e.node, e.node, e.attempt, e.at, e.payload,
          decode(e."payloadHash", 'hex'), decode(e.hash, 'hex')
        from jsonb_to_recordset(${JSON.stringify(rows.slice(from, from + AT_ONCE))}::text::jsonb)
          e(seq int, kind int, step int, node text, attempt int, at timestamptz, payload jsonb, "payloadHash" text, hash text)`;
    await owner`select pg_notify('soma_' || current_schema, ${`test:${runId}`})`;
  };
  await append([{ kind: "RUN_STARTED", payload: { ...of, sessionId }, ...(atMs === undefined ? {} : { atMs }) }]);
  return {
    ...{ runId, sessionId, append },
    async end(events) {
      await owner`update run set status = ${RUN_STATUS.SUCCEEDED.code}, finished_at = now() where run_id = ${runId}`;
      await append([...events, { kind: "RUN_SUCCEEDED", payload: { answer: "an answer" } }]);
    },
  };
}

/** The event as a row, chained to the one before, which it takes the place of. */
function toRow(runId: string, head: { seq: number; hash: string }, { kind, step, payload = {}, ...rest }: ToldEvent) {
  const { attempt = 1, atMs = Date.now() } = rest;
  const [number = "0", node = null] = step?.split(" ") ?? [];
  const text = payloadText(payload);
  const about = { step: Number(number), node, nodeType: node, attempt: step === undefined ? 0 : attempt };
  const event = { runId, seq: head.seq + 1, at: new Date(atMs), kind, ...about, payload: JSON.parse(text) };
  const { hash, payloadHash } = chain(head.hash, event, text);
  Object.assign(head, { seq: event.seq, hash });
  return { ...event, kind: EVENT_KIND[kind], payloadHash, hash };
}

/** Steps as an agent makes them, numbered from `from` on: most go well, every hundredth fails. */
export function stepsOf({ from = 1, count, atMs }: { from?: number; count: number; atMs: number }): ToldEvent[] {
  const nodes = ["model", "branch", "policy", "tool", "branch"];
  return Array.from({ length: count }, (_, index): ToldEvent[] => {
    const number = from + index;
    const step = `${number} ${nodes[index % nodes.length]}`;
    const at = atMs + index * 20;
    const result = { summary: `What step ${number} came to`, latencyMs: 15, inputSummary: "", spanId: "" };
    const end: ToldEvent =
      number % 100 === 0
        ? { kind: "STEP_FAILED", step, payload: { ...result, error: { code: "TIMEOUT", message: "no answer" } } }
        : { kind: "STEP_SUCCEEDED", step, payload: { ...result, output: {} } };
    return [
      { kind: "STEP_STARTED", step, payload: { summary: "Working" }, atMs: at },
      { ...end, atMs: at + 15 },
    ];
  }).flat();
}
