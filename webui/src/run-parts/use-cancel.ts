import { CancelRunDocument, type RunSummaryFragment } from "@soma/graphql/operations";
import { useState } from "react";
import { newIdempotencyKey } from "../graphql/idempotency-key.ts";
import { toProblem } from "../graphql/to-problem.ts";
import { useMutation } from "../graphql/use-mutation.ts";
import type { Problem } from "../ui/problem-note.tsx";

/** How far it is: so many of the runs were asked to stop. */
export interface Canceling {
  asked: number;
  busy: boolean;
  problem: Problem | undefined;
  cancel(runs: readonly RunSummaryFragment[]): Promise<boolean>;
}

/** Asks runs to stop, one after the other; at the first that is refused it ends and says so. */
export function useCancel(): Canceling {
  const [state, setState] = useState({ asked: 0, busy: false, problem: undefined as Problem | undefined });
  const send = useMutation(CancelRunDocument);
  const cancel = async (runs: readonly RunSummaryFragment[]): Promise<boolean> => {
    setState({ asked: 0, busy: true, problem: undefined });
    for (const [index, { id }] of runs.entries()) {
      const { error } = await send({ input: { runId: id, idempotencyKey: newIdempotencyKey() } });
      const problem = toProblem(error);
      const asked = index + (problem === undefined ? 1 : 0);
      setState({ asked, busy: problem === undefined && asked < runs.length, problem });
      if (problem !== undefined) return false;
    }
    return true;
  };
  return { ...state, cancel };
}
