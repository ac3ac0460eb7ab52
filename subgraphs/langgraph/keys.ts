import type { RunnableConfig } from "@langchain/core/runnables";
import { getCheckpointId } from "@langchain/langgraph-checkpoint";
import { SomaError } from "@soma/shared/errors";
import { checkStorable } from "@soma/shared/json";
import type { Place } from "./domain/heads-seen.ts";

/** Where a config points; `act` says what for, should it point nowhere. */
export function toPlace(config: RunnableConfig, act: string): Place {
  const { thread_id: threadId, checkpoint_ns: namespace = "" } = config.configurable ?? {};
  if (threadId === undefined)
    throw new SomaError(
      "BAD_INPUT",
      `cannot ${act}: the config names no thread; pass { configurable: { thread_id: "..." } }`,
    );
  const checkpointId = getCheckpointId(config) || undefined;
  if (checkpointId !== undefined) checkText("checkpoint_id", checkpointId, act);
  return {
    threadId: checkText("thread_id", threadId, act),
    namespace: checkText("checkpoint_ns", namespace, act),
    checkpointId,
  };
}

/** A text that can be a key. */
export function checkText(name: string, value: unknown, act: string): string {
  if (typeof value !== "string")
    throw new SomaError("BAD_INPUT", `cannot ${act}: ${name} is a ${typeof value}, not a text`);
  checkStorable(name, value);
  return value;
}

/** What a config narrows a list to. */
export function toScope(config: RunnableConfig) {
  const { thread_id: threadId, checkpoint_ns: namespace } = config.configurable ?? {};
  const given = (name: string, value: unknown): string | undefined =>
    value === undefined ? undefined : checkText(name, value, "list checkpoints");
  return {
    threadId: given("thread_id", threadId),
    namespace: given("checkpoint_ns", namespace),
    checkpointId: given("checkpoint_id", getCheckpointId(config) || undefined),
  };
}
