import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { Provider } from "urql";
import { useLocation, useSearch } from "wouter";
import { createApiClient, hearing } from "./graphql/api-client.ts";
import { problemOf } from "./graphql/to-problem.ts";
import { ConversationPage } from "./pages/conversation/conversation-page.tsx";
import type { SignIn } from "./pages/sign-in/sign-in.ts";
import { SignInPage, UnreachablePage } from "./pages/sign-in/sign-in-page.tsx";
import { Welcome } from "./pages/welcome/lazy-welcome.tsx";
import { isChatView, type Place, toPlace } from "./place.ts";
import type { RunLogs } from "./run-log/run-logs.ts";
import { RunLogsContext } from "./run-log/use-run-log.ts";
import { Shell } from "./shell/shell.tsx";
import { ProblemNote } from "./ui/problem-note.tsx";
import { Loading } from "./ui/states.tsx";

/** Parts of their own: who comes for a conversation does not wait for them. */
const RunsPage = lazy(() => import("./pages/runs/runs-page.tsx").catch(notLoaded("Runs")));
const RunPage = lazy(() => import("./pages/run/run-page.tsx").catch(notLoaded("Run")));
const AgentsPage = lazy(() => import("./pages/agents/agents-page.tsx").catch(notLoaded("Agents")));
const ApiPage = lazy(() => import("./pages/api/api-page.tsx").catch(notLoaded("API")));

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
  const { client, send } = useMemo(() => {
    const onSignedOut = (): void => setState({ status: "signed-out", why: "The session has ended" });
    return { client: createApiClient(onSignedOut), send: hearing(onSignedOut) };
  }, []);

  if (state === undefined) return null;
  if (state.status === "signed-out") return <SignInPage why={state.why} />;
  if (state.status === "unreachable") return <UnreachablePage why={state.why} onRetry={() => setAsked(signIn)} />;
  return (
    <Provider value={client}>
      <RunLogsContext value={logs}>
        <Shell tenant={state.me.tenant} subject={state.me.subject}>
          <Page send={send} />
        </Shell>
      </RunLogsContext>
    </Provider>
  );
}

/** What any operation is sent with does not pass by the client for entities. */
function Page({ send }: { send: typeof fetch }): ReactNode {
  const place = toPlace(useLocation()[0]);
  const isChat = isChatView(useSearch());
  const part = place.kind === "run" && isChat ? undefined : partOf(place, send);
  if (part === undefined) return <ConversationPage place={place} welcome={<Welcome />} />;
  return <Suspense fallback={<Loading what="the page" />}>{part}</Suspense>;
}

function partOf(place: Place, send: typeof fetch): ReactNode {
  switch (place.kind) {
    case "runs":
      return <RunsPage />;
    case "run":
      return <RunPage key={place.id} runId={place.id} />;
    case "agents":
      return <AgentsPage name={undefined} />;
    case "agent":
      return <AgentsPage name={place.name} />;
    case "api":
      return <ApiPage send={send} />;
    default:
      return undefined;
  }
}

/** Of a build that is newer than this page, whose parts are gone; or the network was away. */
function notLoaded(heading: string): (error: unknown) => { default: () => ReactNode } {
  return (error) => {
    return {
      default: () => (
        <main id="main" tabIndex={-1}>
          <h1 tabIndex={-1}>{heading}</h1>
          <ProblemNote
            what="This page could not be loaded."
            problem={problemOf(error)}
            onRetry={() => location.reload()}
          />
        </main>
      ),
    };
  };
}
