import { afterEach, expect, test, vi } from "vitest";
import { hearServerTime, toServerTime } from "../ui/server-clock.ts";
import { ANSWER_MS, createApiClient } from "./api-client.ts";

afterEach(() => hearServerTime(new Date().toISOString()));

test("createApiClient() learns the server's time from its answers, and that nobody is signed in", async () => {
  const onSignedOut = vi.fn();
  const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
  const client = createApiClient(onSignedOut, async () => Response.json({ errors: [] }, { status: 401, headers }));
  await client.query("{ health { status } }", {}).toPromise();
  expect(onSignedOut).toHaveBeenCalledOnce();
  expect(toServerTime(0)).toBeGreaterThan(3_590_000);
});

test("createApiClient() gives up what is not answered in time, says so, and asks the same again", async () => {
  const time = new AbortController();
  const limit = vi.spyOn(AbortSignal, "timeout").mockReturnValue(time.signal);
  const send = vi.fn<typeof fetch>(
    (_input, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
  );
  const client = createApiClient(() => {}, send);
  const ask = () => client.query("{ health { status } }", {}).toPromise();
  const answer = ask();
  await vi.waitFor(() => expect(send).toHaveBeenCalledOnce());
  time.abort();
  expect((await answer).error?.networkError?.message).toBe("no answer came within 30 s");
  expect(limit).toHaveBeenCalledWith(ANSWER_MS);
  limit.mockRestore();
  send.mockImplementation(async () => Response.json({ data: { health: { status: "OK" } } }));
  expect((await ask()).data).toEqual({ health: { status: "OK" } });
});
