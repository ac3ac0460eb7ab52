import type { Json } from "@soma/schemas/json";
import type { StreamFramePayload } from "@soma/schemas/run-history";
import type { EmbeddingClient } from "./embedding-client.ts";
import type { ModelClient } from "./model-client.ts";

/**
 * What a step may reach outside of itself. Every call is made in the name of who started the run, under the run's role,
 * and is given up when the step's signal aborts. Calls that change something take an idempotency key: make it of
 * `runKey(run)` and of what the call is about, so that a retry and another worker use the same one, and what follows a
 * rollback another.
 */
export interface StepServices {
  /** The model of the run's profile; rejects when it cannot be used. */
  model(): Promise<ModelClient>;
  /** The model of a profile that makes vectors, or the one that models.yaml names for that; rejects as `model()` does. */
  embeddings(profile?: string): Promise<EmbeddingClient>;
  tools: ToolsPort;
  policy: PolicyPort;
  memory: MemoryPort;
  session: SessionPort;
}

/** A tool as the catalogue describes it. */
export interface CatalogTool {
  name: string;
  version: string;
  description: string;
  /** JSON Schema of the arguments. */
  inputSchema: unknown;
  risk: "LOW" | "MEDIUM" | "HIGH";
  timeoutMs: number;
}

export interface ToolInvocation {
  id: string;
  status: string;
  output: string | null;
  error: { type: string; message: string } | null;
}

export interface InvokeParams {
  tool: string;
  args: { [name: string]: unknown };
  decisionToken: string;
  idempotencyKey: string;
  /** Name of the call where a model asked for it; only for spans. */
  callId?: string | undefined;
  /** Milliseconds until the call is given up. */
  timeoutMs: number;
}

export interface ToolsPort {
  /** The tools that `invoke` takes, from a copy at most ten seconds old. */
  list(): Promise<readonly CatalogTool[]>;
  /** Id an invocation has under an idempotency key, before and after it exists. */
  invocationIdOf(idempotencyKey: string): string;
  invoke(params: InvokeParams): Promise<ToolInvocation>;
  cancel(invocationId: string): Promise<void>;
  /** Output of an invocation from its first frame to its last. */
  frames(invocationId: string, signal: AbortSignal): AsyncIterable<StreamFramePayload>;
}

export interface DecideParams {
  tool: string;
  toolVersion: string;
  risk: CatalogTool["risk"];
  args: { [name: string]: unknown };
  idempotencyKey: string;
}

export interface PolicyDecision {
  id: string;
  allow: boolean;
  reason: string;
  /** Proof for the call; null when it is denied. */
  token: string | null;
}

export interface PolicyPort {
  /** Asked again under the same key the same decision is given, with a token that is good again. */
  decide(params: DecideParams): Promise<PolicyDecision>;
}

export interface RecallHit {
  memoryId: string;
  content: string;
  /** 0 to 1, comparable within one answer. */
  score: number;
  why: string;
}

export interface RememberParams {
  role: "USER" | "ASSISTANT";
  kind: "MESSAGE" | "FACT";
  content: string;
  /** RFC 3339; when it was said. */
  at: string;
  meta?: Json;
  idempotencyKey: string;
}

export interface MemoryPort {
  recall(params: { query: string; limit: number }): Promise<{ source: string; hits: RecallHit[] }>;
  remember(params: RememberParams): Promise<{ memoryId: string; deduplicated: boolean }>;
  link(params: { sourceId: string; targetId: string; relation: string; idempotencyKey: string }): Promise<void>;
}

/** A question and its answer. */
export interface SessionTurn {
  user: string;
  assistant: string;
}

/** What lies before the newest turns of a session, in fewer words. */
export interface SessionSummary {
  text: string;
  /** Profile and model that wrote it, or `scripted` for an extract. */
  madeBy: string;
}

export interface KeptSummary extends SessionSummary {
  /** How many turns it tells of. */
  turns: number;
  /** Another one when it was extended or made anew. */
  version: string;
}

/** A summary that extends the kept one by some more turns. */
export interface NewSummary extends SessionSummary {
  /** Runs whose turns are new in it, oldest first; at least one. */
  runIds: readonly string[];
  /** Version of the one it extends; left out, it is the first. */
  replaces?: string | undefined;
}

/** What was said in a session before a run. */
export interface SessionPast {
  summary: KeptSummary | undefined;
  /** The newest turns that are not in the summary, oldest first. */
  turns: (SessionTurn & { runId: string })[];
}

export interface SessionPort {
  /** Succeeded runs of the session before this one, oldest first, at most `limit`. */
  earlierTurns(limit: number): Promise<SessionTurn[]>;
  /** The session's summary, and at most `limit` turns after what it tells of. */
  past(limit: number): Promise<SessionPast>;
  /** False when another one is kept by now, or a run it tells of was erased meanwhile. */
  keepSummary(summary: NewSummary): Promise<boolean>;
}
