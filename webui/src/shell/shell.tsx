import { type ReactNode, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { Header } from "./header.tsx";
import { RunList } from "./run-list.tsx";
import styles from "./shell.module.css";

/** The parts of the page beside each other; where there is room for one only, the reader chooses which. */
const PANELS = { list: "Conversations", chat: "Chat", steps: "Steps" } as const;
type Panel = keyof typeof PANELS;

interface ShellProps {
  tenant: string;
  /** Who is signed in. */
  subject: string;
  children: ReactNode;
}

/** Header, list of conversations, and what the place fills in: a `main` and an `aside`. */
export function Shell({ tenant, subject, children }: ShellProps): ReactNode {
  const [panel, setPanel] = useState<Panel>("chat");
  const [path] = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new place begins with its conversation
  useEffect(() => setPanel("chat"), [path]);
  return (
    <div className={styles.shell} data-panel={panel}>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to the content, which must be shown for that */}
      <a className={styles.skip} href="#main" onClick={() => setPanel("chat")}>
        Skip to content
      </a>
      <Header tenant={tenant} subject={subject} />
      <nav className={styles.chooser} aria-label="Parts of the page">
        {Object.entries(PANELS).map(([name, word]) => (
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
