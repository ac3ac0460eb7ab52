import { type RenderResult, render } from "@testing-library/react";
import { type UserEvent, userEvent } from "@testing-library/user-event";
import type { ReactNode } from "react";
import { Provider } from "urql";
import { vi } from "vitest";
import { createRunLogs, type RunLogs } from "../src/run-log/run-logs.ts";
import { schedulePaint } from "../src/run-log/schedule.ts";
import { createFeeds, type Feeds } from "../src/run-log/testing/feeds.ts";
import { RunLogsContext } from "../src/run-log/use-run-log.ts";
import type { TestApi } from "./api.ts";

interface Page extends RenderResult {
  user: UserEvent;
  /** Where events of runs come from. */
  feeds: Feeds["feeds"];
}

/** Logs of runs whose events the test feeds. */
export function createTestLogs(): Feeds & { logs: RunLogs } {
  const fed = createFeeds();
  const logs = createRunLogs({
    follow: fed.follow,
    schedule: schedulePaint,
    now: Date.now,
    later: () => () => {},
  });
  return { ...fed, logs };
}

/** Puts a part of the page at an address, as the whole page has it: with an API, and logs of runs. */
export function open(path: string, element: ReactNode, api: TestApi): Page {
  history.replaceState(null, "", path);
  const { logs, feeds } = createTestLogs();
  const page = render(
    <Provider value={api.client}>
      <RunLogsContext value={logs}>{element}</RunLogsContext>
    </Provider>,
  );
  return { ...page, feeds, user: userEvent.setup() };
}

/** What comes after the path's host. */
export const address = (): string => location.pathname + location.search;

/** The page comes back into view, which asks again at once. */
export function comeIntoView(): void {
  document.dispatchEvent(new Event("visibilitychange"));
}

export function setOnline(online: boolean): void {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
  dispatchEvent(new Event(online ? "online" : "offline"));
}
