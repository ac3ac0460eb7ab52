import { ForkPlanDocument, ForkRunDocument, RollbackRunDocument } from "@soma/graphql/operations";
import { useEffect, useState } from "react";
import { useClient } from "urql";
import { askOnce } from "../../graphql/ask-once.ts";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import { type Choices, type Effect, type GoOn, toOnReturn } from "./go-on.ts";

/** What a dry run told; both undefined before it has. */
interface DryRun {
  effects: readonly Effect[] | undefined;
  problem: Problem | undefined;
  again(): void;
}

/** Which steps had reached outside after an event, or why nothing goes on from there: as a fork or as a rollback. */
export function useDryRun(runId: string, { how, seq }: GoOn): DryRun {
  const [told, setTold] = useState<Omit<DryRun, "again">>({ effects: undefined, problem: undefined });
  const [tries, setTries] = useState(0);
  const [client, rollBack] = [useClient(), useMutation(RollbackRunDocument)];
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once, and when somebody asks again
  useEffect(() => {
    const left = new AbortController();
    const plan = async (): Promise<Omit<DryRun, "again">> => {
      if (how === "fork") {
        const { data, error } = await askOnce(client, ForkPlanDocument, { id: runId, atSeq: seq }, left.signal);
        return { effects: data?.run?.forkPlan?.effects, problem: toProblem(error) };
      }
      const input = { runId, toSeq: seq, dryRun: true, idempotencyKey: newIdempotencyKey() };
      const { data, error } = await rollBack({ input });
      return { effects: data?.rollbackRun?.effects, problem: toProblem(error) };
    };
    void plan().then((answer) => {
      if (!left.signal.aborted) setTold(answer);
    });
    return () => left.abort();
  }, [runId, how, seq, tries]);
  return { ...told, again: () => setTries((before) => before + 1) };
}

interface Going {
  busy: boolean;
  problem: Problem | undefined;
  /** Does it, and gives the run that goes on; undefined when that was refused. Asked again likewise, it is done once. */
  go(asked: { patch: Readonly<Record<string, unknown>>; choices: Choices }): Promise<string | undefined>;
}

export function useGoOn(runId: string, { how, seq }: GoOn): Going {
  const [state, setState] = useState({ busy: false, problem: undefined as Problem | undefined });
  const [fork, rollBack] = [useMutation(ForkRunDocument), useMutation(RollbackRunDocument)];
  const { keyFor, done } = useIdempotencyKey();
  const go: Going["go"] = async ({ patch, choices }) => {
    setState({ busy: true, problem: undefined });
    const chosen = toOnReturn(choices);
    const asked = { runId, idempotencyKey: keyFor(JSON.stringify({ runId, how, seq, patch, ...chosen })), ...chosen };
    const changes = Object.keys(patch).length === 0 ? {} : { input: patch };
    const [error, went] =
      how === "fork"
        ? await fork({ input: { ...asked, atSeq: seq, ...changes } }).then(
            ({ error, data }) => [error, data?.forkRun?.run.id] as const,
          )
        : await rollBack({ input: { ...asked, toSeq: seq } }).then(
            ({ error, data }) => [error, data?.rollbackRun?.run.id] as const,
          );
    setState({ busy: false, problem: toProblem(error) });
    if (error !== undefined) return undefined;
    done();
    return went ?? undefined;
  };
  return { ...state, go };
}
