import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Provider } from "urql";
import { useLocation } from "wouter";
import { createApiClient } from "./graphql/api-client.ts";
import { ConversationPage } from "./pages/conversation/conversation-page.tsx";
import { RunsPage } from "./pages/runs/runs-page.tsx";
import type { SignIn } from "./pages/sign-in/sign-in.ts";
import { SignInPage, UnreachablePage } from "./pages/sign-in/sign-in-page.tsx";
import { toPlace } from "./place.ts";
import type { RunLogs } from "./run-log/run-logs.ts";
import { RunLogsContext } from "./run-log/use-run-log.ts";
import { Shell } from "./shell/shell.tsx";

/** The whole page: who is signed in first, then the place the address names. */
export function App({ logs, signIn }: { logs: RunLogs; signIn: () => Promise<SignIn> }): ReactNode {
  const [asked, setAsked] = useState(signIn);
  const [state, setState] = useState<SignIn>();
  useEffect(() => {
    let current = true;
    void asked.then((next) => current && setState(next));
    return () => {
      current = false;
    };
  }, [asked]);
  const client = useMemo(
    () => createApiClient(() => setState({ status: "signed-out", why: "The session has ended" })),
    [],
  );

  if (state === undefined) return null;
  if (state.status === "signed-out") return <SignInPage why={state.why} />;
  if (state.status === "unreachable") return <UnreachablePage why={state.why} onRetry={() => setAsked(signIn)} />;
  return (
    <Provider value={client}>
      <RunLogsContext value={logs}>
        <Shell tenant={state.me.tenant} subject={state.me.subject}>
          <Page />
        </Shell>
      </RunLogsContext>
    </Provider>
  );
}

function Page(): ReactNode {
  const place = toPlace(useLocation()[0]);
  return place.kind === "runs" ? <RunsPage /> : <ConversationPage place={place} />;
}
