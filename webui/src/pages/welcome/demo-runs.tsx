import type { ReactNode } from "react";
import { Link } from "wouter";
import { runPath } from "../../place.ts";
import { StatusWord } from "../../ui/status.tsx";
import type { DemoRun } from "./use-first-minutes.ts";
import styles from "./welcome.module.css";

const SHOWS = {
  RECOVERED: "A run that survived a kill",
  DENIED: "A call that policy denied",
  RETRIED: "A step that was tried again",
} as const satisfies Record<DemoRun["shows"], string>;

const MORE = {
  RECOVERED: "its worker process was killed, and another one went on",
  DENIED: "the agent was told so, and said so",
  RETRIED: "the first try failed, the second did not",
} as const satisfies Record<DemoRun["shows"], string>;

/** Runs that the first start has made, by running them. */
export function DemoRuns({ runs }: { runs: readonly DemoRun[] }): ReactNode {
  return (
    <section aria-labelledby="demo-runs">
      <h2 id="demo-runs">Look at a run</h2>
      <ul className={styles.list}>
        {runs.map(({ shows, run: { id, status, outcome } }) => (
          <li key={id}>
            <Link href={runPath(id)}>{SHOWS[shows]}</Link>
            <StatusWord
              status={status}
              badCalls={{
                failed: outcome?.failedCalls ?? 0,
                denied: outcome?.deniedCalls ?? 0,
                cut: outcome?.cutAnswers ?? 0,
              }}
              quiet
            />
            <p>{MORE[shows]}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
