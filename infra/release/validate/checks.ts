import type { SomaClient } from "@soma/graphql/client";
import { isFinished } from "@soma/graphql/run-status";
import { isRecord } from "@soma/schemas/json";
import type { WatchedTopic } from "./watch-topic.ts";

const READY_MS = 5_000;
const RUN_MS = 180_000;
const EVENT_MS = 60_000;
const AUDIT_MS = 30_000;
const LOOK_MS = 250;

/** What the checks ask, and what those before left for those after. */
export interface Asked {
  url: string;
  client: SomaClient;
  /** What this checklist is called in names and texts that it leaves; no other has it. */
  name: string;
  /** Where the ends of runs are told; undefined where no brokers are set, or why it cannot be read. */
  topic: WatchedTopic | Error | undefined;
  run?: { id: string; sessionId: string };
}

/** Something that this product, or whoever asks, does not let be looked at. */
export class NotChecked extends Error {}

/** Gives what was seen, in a sentence; throws why the product has not what it promises. */
export type Check = (asked: Asked) => Promise<string>;

function ask<R>({ client }: Asked, query: string, variables: object = {}): Promise<R> {
  return client.request(query, variables) as Promise<R>;
}

async function untilTrue<T>(
  what: string,
  limitMs: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what} did not come within ${limitMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const runOf = ({ run }: Asked): NonNullable<Asked["run"]> => {
  if (run === undefined) throw new Error("no run was started");
  return run;
};

async function alive({ url }: Asked): Promise<string> {
  const response = await fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(READY_MS) });
  const body: unknown = await response.json().catch(() => undefined);
  if (isRecord(body) && body.ready === true) return "the gateway says that everything is ready";
  const reasons = isRecord(body) && isRecord(body.reasons) ? JSON.stringify(body.reasons) : "without a reason";
  throw new Error(`/readyz answered ${response.status} ${reasons}`);
}

/** A question that one subgraph answers by itself. */
const QUESTIONS = {
  runs: "{ health { status } }",
  policy: "{ auditEvents(first: 1) { pageInfo { hasNextPage } } }",
  tools: "{ tools { name } }",
  memory: '{ recall(input: { query: "ready", limit: 1 }) { source } }',
} as const;

async function parts(asked: Asked): Promise<string> {
  const names = Object.keys(QUESTIONS) as (keyof typeof QUESTIONS)[];
  const answers = await Promise.allSettled(names.map((name) => ask(asked, QUESTIONS[name])));
  const faults = answers.flatMap((answer, at) =>
    answer.status === "rejected" ? `${names[at]}: ${(answer.reason as Error).message}` : [],
  );
  if (faults.length > 0) throw new Error(faults.join("; "));
  return `${names.join(", ")} answer`;
}

const SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { run { id } session { id } } }";
const STATUS = "query ($id: ID!) { run(id: $id) { status error { message } } }";
type Status = { run: { status: Parameters<typeof isFinished>[0]; error: { message: string } | null } };

async function run(asked: Asked): Promise<string> {
  const input = { text: "What is 6*7?", idempotencyKey: asked.name };
  const { sendMessage } = await ask<{ sendMessage: { run: { id: string }; session: { id: string } } }>(asked, SEND, {
    input,
  });
  const { id } = sendMessage.run;
  asked.run = { id, sessionId: sendMessage.session.id };
  const ended = await untilTrue(`the end of run ${id}`, RUN_MS, async () => {
    const { run: found } = await ask<Status>(asked, STATUS, { id });
    return isFinished(found.status) ? found : undefined;
  });
  if (ended.status !== "SUCCEEDED")
    throw new Error(`run ${id} ended as ${ended.status}: ${ended.error?.message ?? ""}`);
  return `run ${id} succeeded`;
}

async function history(asked: Asked): Promise<string> {
  const { id } = runOf(asked);
  let heard = 0;
  let head = 0;
  const signal = AbortSignal.timeout(RUN_MS);
  const onState = (state: { head: number }): void => {
    head = state.head;
  };
  for await (const _event of asked.client.runEvents({ runId: id, afterSeq: 0, signal, onState })) heard += 1;
  if (heard === 0 || heard !== head) throw new Error(`of ${head} events of run ${id} ${heard} came`);
  return `${heard} events came by subscription, each verified`;
}

async function event(asked: Asked): Promise<string> {
  const { topic } = asked;
  if (topic === undefined) throw new NotChecked("SOMA_KAFKA_BROKERS is not set");
  if (topic instanceof Error) throw topic;
  const { id } = runOf(asked);
  await untilTrue(`the end of run ${id} on ${topic.name}`, EVENT_MS, () =>
    topic.has(id, "succeeded") ? true : undefined,
  );
  return `the end of the run is on ${topic.name}`;
}

const DECIDE = "mutation ($input: DecideInput!) { decide(input: $input) { token decision { allow reason } } }";
const INVOKE = "mutation ($input: InvokeToolInput!) { invokeTool(input: $input) { invocation { status } } }";
const toolOf = ({ name }: Asked): string => `no-tool-${name}`;

async function denial(asked: Asked): Promise<string> {
  const tool = toolOf(asked);
  const { viewer } = await ask<{ viewer: { roles: string[] } }>(asked, "{ viewer { roles } }");
  const [role = ""] = viewer.roles;
  const input = { tool, toolVersion: "1", risk: "LOW", args: {}, role, idempotencyKey: asked.name };
  const { decide } = await ask<{ decide: { token: string | null; decision: { allow: boolean; reason: string } } }>(
    asked,
    DECIDE,
    { input },
  );
  if (decide.decision.allow || decide.token !== null)
    throw new Error(`${tool}, which is no tool, was allowed to ${role}`);
  const call = { tool: "clock", args: {}, decisionToken: "", idempotencyKey: asked.name };
  const code = await ask(asked, INVOKE, { input: call }).then(
    () => "nothing",
    (error: { code?: string }) => error.code ?? "an unknown error",
  );
  if (code !== "DECISION_INVALID") throw new Error(`a call without a decision was answered by ${code}`);
  return `denied: ${decide.decision.reason}; a call without a decision is refused`;
}

async function audit(asked: Asked): Promise<string> {
  const query = "query ($filter: AuditFilter!) { auditEvents(filter: $filter, first: 1) { nodes { decision actor } } }";
  const variables = { filter: { category: ["POLICY"], subject: `tool:${toolOf(asked)}` } };
  const found = await untilTrue(`the denial of ${toolOf(asked)} in the audit`, AUDIT_MS, async () => {
    const { auditEvents } = await ask<{ auditEvents: { nodes: { decision: string; actor: string }[] } }>(
      asked,
      query,
      variables,
    );
    return auditEvents.nodes[0];
  });
  if (found.decision !== "deny") throw new Error(`the audit has ${found.decision} for ${toolOf(asked)}`);
  return `the audit has the denial, of ${found.actor}`;
}

const REMEMBER = "mutation ($input: RememberInput!) { remember(input: $input) { memory { id } } }";
const RECALL = "query ($input: RecallInput!) { recall(input: $input) { source hits { memory { id } } } }";

async function memory(asked: Asked): Promise<string> {
  const { sessionId } = runOf(asked);
  const said = { sessionId, role: "USER", kind: "FACT", at: new Date().toISOString(), idempotencyKey: asked.name };
  const content = `The checklist ${asked.name} was here.`;
  const { remember } = await ask<{ remember: { memory: { id: string } } }>(asked, REMEMBER, {
    input: { ...said, content },
  });
  const { recall } = await ask<{ recall: { source: string; hits: { memory: { id: string } }[] } }>(asked, RECALL, {
    input: { query: content, limit: 5 },
  });
  if (!recall.hits.some((hit) => hit.memory.id === remember.memory.id))
    throw new Error(`memory ${remember.memory.id} was kept and not recalled by its own words`);
  return `what was remembered is recalled, from ${recall.source}`;
}

/** In their order: those that come later ask about what those before did. */
export const CHECKS: Readonly<Record<string, Check>> = { alive, parts, run, history, event, denial, audit, memory };
