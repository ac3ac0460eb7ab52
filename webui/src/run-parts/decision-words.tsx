import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import type { DecisionView } from "../run-log/view.ts";
import { StatusShape } from "../ui/icons.tsx";
import styles from "./decision-words.module.css";

/** What policy said, with its reason. */
export function DecisionWords({ decision }: { decision: Pick<DecisionView, "allow" | "reason"> }): ReactNode {
  return (
    <span className={decision.allow ? styles.allowed : styles.denied}>
      <StatusShape icon={decision.allow ? "check" : "shield"} />
      <span>
        {decision.allow ? "allowed" : "denied"}: {showHidden(decision.reason)}
      </span>
    </span>
  );
}
