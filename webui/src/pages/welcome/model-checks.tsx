import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import type { ModelCheck } from "./use-model-check.ts";
import styles from "./welcome.module.css";

const WORDS = {
  TEXT: "Text",
  STREAM: "Text in pieces",
  TOOL_CALL: "Calls of tools",
  JSON: "JSON",
  EMBEDDINGS: "Vectors",
} as const satisfies Record<ModelCheck["what"], string>;

const VERDICT = {
  works: "✓ It answers, and all that was tried works.",
  partly: "It answers, but not all that was tried works.",
  fails: "✕ It does not answer.",
} as const;

/** What was tried of a model, and what came of it in its own words. */
export function ModelChecks({ checks }: { checks: readonly ModelCheck[] }): ReactNode {
  const verdict = verdictOf(checks);
  return (
    <>
      <p className={styles.verdict} data-verdict={verdict}>
        {VERDICT[verdict]}
      </p>
      <ul className={styles.checks}>
        {checks.map(({ what, ok, detail }) => (
          <li key={what} data-ok={ok}>
            <strong>
              {ok ? "✓" : "✕"} {WORDS[what]}
              {ok ? "" : ": does not work"}
            </strong>
            <span>{showHidden(detail)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function verdictOf(checks: readonly ModelCheck[]): keyof typeof VERDICT {
  if (checks.every(({ ok }) => ok)) return "works";
  return checks.some(({ what, ok }) => what !== "STREAM" && ok) ? "partly" : "fails";
}
