import "@fontsource-variable/inter/wght.css";
import "./ui/tokens.css";
import "./ui/base.css";
import { followRun } from "@soma/graphql/run-events";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { signIn } from "./pages/sign-in/sign-in.ts";
import { createRunLogs } from "./run-log/run-logs.ts";
import { schedulePaint } from "./run-log/schedule.ts";
import { waitsAt } from "./run-log/waits.ts";

const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`;

const waits = waitsAt(location.hostname);

const logs = createRunLogs({
  follow: ({ after: { seq, hash }, ...params }) =>
    followRun({ ...params, ...waits, url, afterSeq: seq, ...(hash === undefined ? {} : { afterHash: hash }) }),
  schedule: schedulePaint,
  now: Date.now,
  later(work, ms) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
});

const forget = () => sessionStorage.clear();
const signInHere = () => signIn({ fetch: window.fetch.bind(window), location, history, forget });

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <App logs={logs} signIn={signInHere} />
  </StrictMode>,
);
