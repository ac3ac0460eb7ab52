import { GraphsDocument, StatusDocument } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { useQuery } from "../../graphql/use-query.ts";
import { DemoRuns } from "./demo-runs.tsx";
import { KillPanel } from "./kill-panel.tsx";
import { NextModel } from "./next-model.tsx";
import { SampleCard } from "./sample-card.tsx";
import { SAMPLES } from "./samples.ts";
import { Tour } from "./tour.tsx";
import { useFirstMinutes } from "./use-first-minutes.ts";
import styles from "./welcome.module.css";

/** What is there before the first question: things to try, as far as this installation has them. */
export default function Welcome(): ReactNode {
  const { worker, demoRuns, ask } = useFirstMinutes();
  const [{ data: agents }] = useQuery(GraphsDocument, {});
  const [{ data: status }] = useQuery(StatusDocument, {});
  const known = new Set(agents?.graphs?.map(({ name }) => name));
  const samples = worker === undefined ? [] : SAMPLES.filter(({ agent }) => known.has(agent));
  return (
    <div className={styles.welcome}>
      <div className={styles.intro}>
        <p className={styles.lead}>Ask something, and watch how it is answered.</p>
        <p>
          Every step is recorded before it is shown: which tool was asked for, what policy said, what came back. A run
          goes on when a process dies.
        </p>
      </div>
      {worker === undefined ? null : <Tour recovered={demoRuns.find(({ shows }) => shows === "RECOVERED")?.run.id} />}
      {demoRuns.length === 0 ? null : <DemoRuns runs={demoRuns} />}
      {worker === undefined ? null : <KillPanel worker={worker} ask={ask} />}
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
      {worker === undefined || !status?.modelStatus ? null : <NextModel model={status.modelStatus} />}
    </div>
  );
}
