import { StartRunDocument } from "@soma/graphql/operations";
import type { JsonObject } from "@soma/schemas/json";
import type { PlacedFault } from "@soma/schemas/placed-fault";
import { useState } from "react";
import { useLocation } from "wouter";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { runPath } from "../../place.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import { useHere } from "../../ui/use-here.ts";
import { faultsOf } from "./place-faults.ts";

interface Start {
  isBusy: boolean;
  /** What the server does not take of the input. */
  faults: readonly PlacedFault[];
  /** Why no run was started, when it is not told by the faults. */
  problem: Problem | undefined;
  /** Starts a run and leads to it. */
  start(input: JsonObject): Promise<void>;
}

const NONE = { faults: [], problem: undefined };

export function useStart(graph: string): Start {
  const startRun = useMutation(StartRunDocument);
  const [, navigate] = useLocation();
  const mark = useHere();
  const [isBusy, setBusy] = useState(false);
  const [told, setTold] = useState<Pick<Start, "faults" | "problem">>(NONE);
  const { keyFor, done } = useIdempotencyKey();
  return {
    isBusy,
    ...told,
    async start(input) {
      if (isBusy) return;
      const isHere = mark();
      setBusy(true);
      const idempotencyKey = keyFor(JSON.stringify({ graph, input }));
      const { data, error } = await startRun({ input: { graph, input, idempotencyKey } });
      setBusy(false);
      if (error === undefined) {
        done();
        if (data !== undefined && isHere()) navigate(runPath(data.startRun.run.id));
        return;
      }
      const faults = faultsOf(error);
      setTold(faults.length > 0 ? { faults, problem: undefined } : { faults, problem: toProblem(error) });
    },
  };
}
