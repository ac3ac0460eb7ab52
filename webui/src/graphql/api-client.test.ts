import { afterEach, expect, test, vi } from "vitest";
import { hearServerTime, toServerTime } from "../ui/server-clock.ts";
import { createApiClient } from "./api-client.ts";

afterEach(() => hearServerTime(new Date().toISOString()));

test("createApiClient() learns the server's time from its answers, and that nobody is signed in", async () => {
  const onSignedOut = vi.fn();
  const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
  const client = createApiClient(onSignedOut, async () => Response.json({ errors: [] }, { status: 401, headers }));
  await client.query("{ health { status } }", {}).toPromise();
  expect(onSignedOut).toHaveBeenCalledOnce();
  expect(toServerTime(0)).toBeGreaterThan(3_590_000);
});
