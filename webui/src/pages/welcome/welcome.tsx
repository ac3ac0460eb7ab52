import { ChatChoicesDocument, StatusDocument } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { useKept } from "../../graphql/use-kept.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { OldNote } from "../../ui/states.tsx";
import { DemoRuns } from "./demo-runs.tsx";
import { KillPanel } from "./kill-panel.tsx";
import { NextModel } from "./next-model.tsx";
import { SampleCard } from "./sample-card.tsx";
import { SAMPLES } from "./samples.ts";
import { Tour } from "./tour.tsx";
import { type DemoRun, useFirstMinutes } from "./use-first-minutes.ts";
import styles from "./welcome.module.css";

/** What is there before the first question: things to try, as far as this installation has them. */
export default function Welcome(): ReactNode {
  const { worker, demoRuns, old, ask } = useFirstMinutes();
  const [{ data: choices }] = useQuery(ChatChoicesDocument, {});
  const [{ data: status }] = useQuery(StatusDocument, {});
  const known = new Set(useKept(choices?.graphs)?.map(({ name }) => name));
  const model = useKept(status?.modelStatus);
  const isOperator = useKept(choices?.viewer?.roles)?.includes("operator") ?? false;
  const samples = worker === undefined ? [] : SAMPLES.filter(({ agent }) => known.has(agent));
  const of = (kind: DemoRun["shows"]) => demoRuns.find(({ shows }) => shows === kind)?.run.id;
  return (
    <div className={styles.welcome}>
      <div className={styles.intro}>
        <p className={styles.lead}>Ask something, and watch how it is answered.</p>
        <p>
          Every step is recorded before it is shown: which tool was asked for, what policy said, what came back. A run
          goes on when a process dies.
        </p>
      </div>
      {old === undefined ? null : <OldNote {...old} onRetry={ask} />}
      {worker === undefined ? null : <Tour recovered={of("RECOVERED")} denied={of("DENIED")} />}
      {samples.length === 0 ? null : (
        <section aria-labelledby="samples">
          <h2 id="samples">Run a sample</h2>
          <ul className={styles.cards}>
            {samples.map((sample) => (
              <SampleCard key={sample.title} sample={sample} />
            ))}
          </ul>
        </section>
      )}
      {worker === undefined ? null : (
        <div className={styles.pair}>
          {demoRuns.length === 0 ? null : <DemoRuns runs={demoRuns} />}
          <KillPanel worker={worker} ask={ask} />
        </div>
      )}
      {worker === undefined || model === undefined ? null : (
        <NextModel key={`${model.profile} ${model.model}`} model={model} isOperator={isOperator} />
      )}
    </div>
  );
}
