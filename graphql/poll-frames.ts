import { PollRunDocument, type PollRunQuery } from "./generated/graphql.ts";
import { askOverHttp } from "./over-http.ts";
import { pause } from "./pause.ts";
import type { WireError } from "./request-error.ts";
import type { RunFramesParams } from "./run-frames.ts";
import { isFinished } from "./run-status.ts";
import type { RunFrame } from "./run-view.ts";

interface Answer {
  data?: PollRunQuery | null;
  errors?: readonly WireError[];
}

/**
 * Frames of one question after another, for where nothing may stay open: throws GraphQL errors as an array, and whatever
 * failed. What an answer says of the run's head is told once it has no event that is new: the hash of the newest one is then
 * the server's own word.
 */
export async function* pollFrames(params: RunFramesParams): AsyncGenerator<{ frame: RunFrame; ahead: number }, void> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  params.signal?.addEventListener("abort", leave, { once: true });
  if (params.signal?.aborted === true) leave();
  let { afterSeq } = params;
  let opened = false;
  try {
    while (!leaving.signal.aborted) {
      const { run, runEventsPage: page } = await ask(params, afterSeq, leaving);
      if (!opened) params.onOpen();
      opened = true;
      afterSeq = page.lastSeq;
      const frame = page.events.length > 0 ? page : headFrame(run, page);
      if (frame !== undefined) yield { frame, ahead: 0 };
      if (frame?.__typename === "RunEnd") return;
      const hasMore = page.events.length > 0 && (run.headSeq > afterSeq || isFinished(run.status));
      if (!hasMore) await pause(params.pollMs, leaving.signal);
    }
  } finally {
    params.signal?.removeEventListener("abort", leave);
    leave();
  }
}

type Known = { [Part in "run" | "runEventsPage"]: NonNullable<PollRunQuery[Part]> };

async function ask(params: RunFramesParams, afterSeq: number, leaving: AbortController): Promise<Known> {
  const watchdog = setTimeout(() => {
    params.onStale();
    leaving.abort();
  }, params.staleMs);
  try {
    const asked = { query: PollRunDocument.toString(), afterSeq, accept: "application/json" };
    const response = await askOverHttp(params, asked, leaving.signal);
    const { data, errors } = (await response.json()) as Answer;
    if (errors !== undefined) throw errors;
    const { run, runEventsPage } = data ?? {};
    if (run == null || runEventsPage == null) throw new Error(`the server answered ${response.status} without the run`);
    return { run, runEventsPage };
  } finally {
    clearTimeout(watchdog);
  }
}

/** Where the run stands; nothing while an event that the page has not is known of. */
function headFrame(run: Known["run"], { lastSeq, prevHash }: Known["runEventsPage"]): RunFrame | undefined {
  if (run.headSeq !== lastSeq) return undefined;
  const head = { headSeq: lastSeq, headHash: prevHash };
  if (isFinished(run.status)) return { __typename: "RunEnd", status: run.status, ...head };
  return { __typename: "RunHeartbeat", serverTime: new Date().toISOString(), ...head };
}
