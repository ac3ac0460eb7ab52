import "./ui/tokens.css";
import "./ui/base.css";
import { followRun } from "@soma/graphql/run-events";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { signIn } from "./pages/sign-in/sign-in.ts";
import { createRunLogs } from "./run-log/run-logs.ts";
import { schedulePaint } from "./run-log/schedule.ts";

const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`;

/** A server on this machine is back as soon as somebody starts it, and nobody else waits for it. */
const here = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(location.hostname) ? { maxBackoffMs: 2_000 } : {};

const logs = createRunLogs({
  follow: (params) => followRun({ ...params, ...here, url, afterSeq: 0 }),
  schedule: schedulePaint,
  now: Date.now,
  later(work, ms) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
});

const signInHere = () => signIn({ fetch: window.fetch.bind(window), location, history });

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <App logs={logs} signIn={signInHere} />
  </StrictMode>,
);
