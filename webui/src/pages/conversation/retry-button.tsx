import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isRecord } from "@soma/schemas/json";
import { type ReactNode, use } from "react";
import { useSearch } from "wouter";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { toSentence } from "../../ui/words.ts";
import { parseChoice } from "./choice.ts";
import { SendContext, useAsk } from "./use-ask.ts";

/** Asks the same again, in the same conversation: what did not succeed is no part of what its agents read. */
export function RetryButton({ run }: { run: RunSummaryFragment }): ReactNode {
  const { ask, asking, problem } = useAsk(use(SendContext));
  const { role, model } = parseChoice(useSearch());
  const input = isRecord(run.input) ? run.input : {};
  const retry = (): Promise<boolean> =>
    ask({
      sessionId: run.session.id,
      agent: run.graph,
      input,
      role: role || run.role,
      model: model || run.modelProfile,
    });
  return (
    <>
      <LeavingButton aria-disabled={asking} onClick={() => void (asking || retry())}>
        {asking ? "Trying…" : "Try again"}
      </LeavingButton>
      {problem === undefined ? null : <span role="alert">Not tried again: {toSentence(problem.message)}</span>}
    </>
  );
}
