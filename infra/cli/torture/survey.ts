import { RunsDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { ChainError } from "@soma/schemas/run-chain";
import { faultsOfRun, type OrderedEvent } from "@soma/schemas/run-faults";
import { payloadOf } from "@soma/schemas/run-history";
import { CliError } from "../cli-error.ts";
import { verifiedEvents } from "../verified-events.ts";
import type { Ended } from "./judge.ts";
import type { TorturedProduct } from "./product.ts";
import { untilAnswered } from "./storm.ts";

const PAGE = 200;
const READERS = 8;

interface Found {
  id: string;
  status: string;
  answer: string | null;
  error: string | null;
  recoveries: number;
  headSeq: number;
}

/** Reads back what the product has of these runs, and verifies every history from its first event to its last. */
export async function survey(
  product: TorturedProduct,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, Ended>> {
  const ended = new Map<string, Ended>();
  const isOver = (): boolean => signal.aborted;
  const waiting = ((await untilAnswered(() => listFinished(product), isOver)) ?? []).filter(({ id }) => wanted.has(id));
  const reader = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined && !isOver(); run = waiting.shift()) {
      const { id, status, answer, error, recoveries } = run;
      const history = await untilAnswered(() => readHistory(product, run), isOver);
      if (history !== undefined) ended.set(id, { status, answer, error, recoveries, ...history });
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return ended;
}

/** Every run that has ended. */
async function listFinished({ client }: TorturedProduct): Promise<Found[]> {
  const found: Found[] = [];
  for (let after: string | null | undefined; ; ) {
    const { runs } = await client.request(RunsDocument, { first: PAGE, ...(after == null ? {} : { after }) });
    for (const { id, status, answer = null, error, recoveries, headSeq } of runs.nodes)
      if (isFinished(status)) found.push({ id, status, answer, error: error?.message ?? null, recoveries, headSeq });
    if (!runs.pageInfo.hasNextPage) return found;
    after = runs.pageInfo.endCursor;
  }
}

type History = Pick<Ended, "faults" | "wasAsked" | "wasFound">;

async function readHistory({ client }: TorturedProduct, { id, headSeq, answer }: Found): Promise<History> {
  const events: OrderedEvent[] = [];
  const history = { wasAsked: false, wasFound: answer === "found" };
  try {
    for await (const { seq, type, stepNumber, nodeId, attempt, payload } of verifiedEvents(client, id, headSeq)) {
      events.push({ seq, kind: type, step: stepNumber ?? 0, node: nodeId ?? null, attempt: attempt ?? 0 });
      history.wasAsked ||= type === "APPROVAL_ASKED";
      history.wasFound ||= type === "STEP_RETRIED" && payloadOf(type, payload).error.code === "STEP_NOT_DONE";
    }
  } catch (error) {
    if (error instanceof ChainError || error instanceof CliError) return { ...history, faults: [error.message] };
    throw error;
  }
  return { ...history, faults: faultsOfRun(events) };
}
