import { RunEventsDocument, type RunEventsSubscription } from "./generated/graphql.ts";
import { askOverHttp } from "./over-http.ts";
import type { WireError } from "./request-error.ts";
import type { RunFramesParams } from "./run-frames.ts";
import type { RunFrame } from "./run-view.ts";

interface Answer {
  data?: RunEventsSubscription | null;
  errors?: readonly WireError[];
}

/**
 * Frames of one answer over HTTP that goes on, as GraphQL over SSE has it, until it ends or breaks: throws GraphQL errors as an
 * array, and whatever broke it. Read as fast as they are taken, so that none wait here but those that came at once.
 */
export async function* sseFrames(params: RunFramesParams): AsyncGenerator<{ frame: RunFrame; ahead: number }, void> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  let opened = false;
  let watchdog = setTimeout(giveUp, params.staleMs);
  // A proxy that keeps back what is not over is as good as one that refuses it.
  function giveUp(): void {
    if (!opened) params.onRefused();
    params.onStale();
    leave();
  }

  params.signal?.addEventListener("abort", leave, { once: true });
  if (params.signal?.aborted === true) leave();
  try {
    const body = await ask(params, leaving.signal);
    opened = true;
    params.onOpen();
    for await (const answers of answersOf(body)) {
      clearTimeout(watchdog);
      watchdog = setTimeout(giveUp, params.staleMs);
      for (const [index, { data, errors }] of answers.entries()) {
        if (errors !== undefined) throw errors;
        if (data !== null && data !== undefined) yield { frame: data.runEvents, ahead: answers.length - 1 - index };
      }
    }
  } finally {
    clearTimeout(watchdog);
    params.signal?.removeEventListener("abort", leave);
    leave();
  }
}

async function ask(params: RunFramesParams, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const asked = { query: RunEventsDocument.toString(), afterSeq: params.afterSeq, accept: "text/event-stream" };
  const response = await askOverHttp(params, asked, signal);
  const { body, status, headers } = response;
  if (headers.get("content-type")?.startsWith("text/event-stream") === true && body !== null) return body;
  params.onRefused();
  const answer = (await response.json().catch(() => ({}))) as Answer;
  throw answer.errors ?? new Error(`the server answered ${status} with something that is no stream`);
}

const NEXT = "event: next\ndata: ";

/** Answers as they come, those together that came at once. Ends where the server says that all is told. */
async function* answersOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Answer[], void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += decoder.decode(read.value, { stream: true });
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    const answers = parts.filter((part) => part.startsWith(NEXT));
    if (answers.length > 0) yield answers.map((answer) => JSON.parse(answer.slice(NEXT.length)) as Answer);
    if (parts.some((part) => part.startsWith("event: complete"))) return;
  }
}
