import { FirstMinutesDocument, type FirstMinutesQuery } from "@soma/graphql/operations";
import { useState } from "react";
import { useKept } from "../../graphql/use-kept.ts";
import { useOld } from "../../graphql/use-old.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import type { Old } from "../../ui/states.tsx";

type FirstMinutes = NonNullable<FirstMinutesQuery["firstMinutes"]>;
export type Worker = FirstMinutes["worker"];
export type DemoRun = FirstMinutes["demoRuns"][number];

const CALM_MS = 3_000;
const BUSY_MS = 400;

/** What the server has for the first minutes; without a worker where it has nothing, as in production. */
export function useFirstMinutes(): {
  worker: Worker | undefined;
  demoRuns: readonly DemoRun[];
  /** Why what is told may not be true any longer. */
  old: Old | undefined;
  /** Asks again now, and often, until what is told has come to rest. */
  ask(): void;
} {
  const [answer, reload] = useQuery(FirstMinutesDocument, {});
  const data = useKept(answer.error === undefined ? answer.data : undefined);
  const [asked, setAsked] = useState(0);
  const found = data?.firstMinutes;
  const worker = found?.worker;
  const { old } = useOld(answer, worker !== undefined);
  const isBusy = worker !== undefined && (!worker.isReady || (worker.lastDeath?.waitingCount ?? 0) > 0);
  const ask = (): void => {
    setAsked(Date.now());
    reload({ requestPolicy: "network-only" });
  };
  // A server without it is asked once.
  const again = (): void => {
    if (data === undefined || found) reload({ requestPolicy: "network-only" });
  };
  useRefresh(answer, again, isBusy || Date.now() - asked < CALM_MS ? BUSY_MS : CALM_MS);
  return { worker, demoRuns: found?.demoRuns ?? [], old, ask };
}
