import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Provider } from "urql";
import { useLocation, useSearch } from "wouter";
import { createApiClient, hearing } from "./graphql/api-client.ts";
import { ConversationPage } from "./pages/conversation/conversation-page.tsx";
import type { SignIn } from "./pages/sign-in/sign-in.ts";
import { SignInPage, UnreachablePage } from "./pages/sign-in/sign-in-page.tsx";
import { createPage, createPart } from "./part.tsx";
import { isChatView, type Place, toPlace } from "./place.ts";
import type { RunLogs } from "./run-log/run-logs.ts";
import { RunLogsContext } from "./run-log/use-run-log.ts";
import { Shell } from "./shell/shell.tsx";

/** Parts of their own: who comes for a conversation does not wait for them. */
const RunsPage = createPage("Runs", () => import("./pages/runs/runs-page.tsx"));
const RunPage = createPage("Run", () => import("./pages/run/run-page.tsx"));
const AgentsPage = createPage("Agents", () => import("./pages/agents/agents-page.tsx"));
const ApiPage = createPage("API", () => import("./pages/api/api-page.tsx"));
const Welcome = createPart(
  { loading: "what there is to try", failed: "What there is to try could not be loaded." },
  () => import("./pages/welcome/welcome.tsx"),
);

const PARTS: Partial<Record<Place["kind"], { fetch(): Promise<unknown> }>> = {
  ...{ new: Welcome, runs: RunsPage, run: RunPage, agents: AgentsPage, agent: AgentsPage, api: ApiPage },
};

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
  // What the address names is fetched while it is found out who is signed in.
  useEffect(() => void PARTS[toPlace(location.pathname).kind]?.fetch(), []);
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
  return part;
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
