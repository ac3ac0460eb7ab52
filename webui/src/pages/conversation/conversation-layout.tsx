import { type ReactNode, useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useRowKeys } from "../../ui/use-row-keys.ts";
import styles from "./conversation-layout.module.css";
import { RunList } from "./run-list.tsx";

/** The parts of the page beside each other; where there is room for one only, the reader chooses which. */
const PANELS = { list: "Conversations", chat: "Chat", steps: "Steps" } as const;
type Panel = keyof typeof PANELS;

interface ConversationLayoutProps {
  /** Whether there is a run whose steps could be shown. */
  hasSteps: boolean;
  children: ReactNode;
}

/** The list of conversations, and beside it a `main`, and an `aside` where there are steps. */
export function ConversationLayout({ hasSteps, children }: ConversationLayoutProps): ReactNode {
  const [path] = useLocation();
  const first = new URLSearchParams(useSearch()).has("step") ? "steps" : "chat";
  const [chosen, setPanel] = useState<Panel>(first);
  useRowKeys("nav[aria-label=Conversations] a", [], () => setPanel("list"));
  const panel = chosen === "steps" && !hasSteps ? "chat" : chosen;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new place begins with its conversation, or the step it names
  useEffect(() => setPanel(first), [path, first]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: "Skip to content" leads to the content, which must be shown for that
    <div
      className={styles.layout}
      data-panel={panel}
      data-steps={hasSteps}
      onFocus={({ target }) => target instanceof HTMLElement && target.id === "main" && setPanel("chat")}
    >
      <nav className={styles.chooser} aria-label="Parts of the page">
        {Object.entries(PANELS)
          .filter(([name]) => hasSteps || name !== "steps")
          .map(([name, word]) => (
            <button key={name} type="button" aria-pressed={panel === name} onClick={() => setPanel(name as Panel)}>
              {word}
            </button>
          ))}
      </nav>
      <nav className={styles.list} aria-label="Conversations" tabIndex={-1}>
        <RunList onOpen={() => setPanel("chat")} />
      </nav>
      {children}
    </div>
  );
}
