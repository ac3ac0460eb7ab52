import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect } from "react";
import { useSignInCommand } from "../../graphql/use-sign-in-command.ts";
import { Mark } from "../../ui/icons.tsx";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import styles from "./sign-in-page.module.css";

/** Shown without a session: signing in happens by a link that the command line prints. */
export function SignInPage({ why }: { why: string | null }): ReactNode {
  const command = useSignInCommand();
  return (
    <Sheet title="Sign in">
      {why === null ? null : (
        <p className={styles.why} role="alert">
          {why}
        </p>
      )}
      <p>This page opens with a sign-in link. There is no password to type.</p>
      <ul>
        <li>
          <code>npm start</code> prints one when the server starts.
        </li>
        <li>
          When it runs already, ask for a new one: <code>{showHidden(command)}</code>
        </li>
      </ul>
      <p className={styles.muted}>A link works once. Open it in this browser, and the session stays here.</p>
    </Sheet>
  );
}

export function UnreachablePage({ why, onRetry }: { why: string; onRetry: () => void }): ReactNode {
  return (
    <Sheet title="The server does not answer">
      <p role="alert">Who is signed in could not be asked: {why}</p>
      <p>
        Check that <code>npm start</code> is still running, then try again.
      </p>
      <p>
        <LeavingButton onClick={onRetry}>Try again</LeavingButton>
      </p>
    </Sheet>
  );
}

function Sheet({ title, children }: { title: string; children: ReactNode }): ReactNode {
  useEffect(() => {
    document.title = `${title} · soma`;
  }, [title]);
  return (
    <main className={styles.page}>
      <div className={styles.sheet}>
        <p className={styles.brand}>
          <Mark /> soma
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
