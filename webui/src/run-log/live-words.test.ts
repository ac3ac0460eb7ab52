import { FIRST_FOLLOW_STATE, type FollowState } from "@soma/graphql/follow-state";
import { expect, test } from "vitest";
import { type LiveFacts, liveWords } from "./live-words.ts";

const facts = (state: Partial<FollowState>, rest: Partial<Omit<LiveFacts, "state">> = {}): LiveFacts => ({
  state: { ...FIRST_FOLLOW_STATE, ...state },
  shown: 12,
  online: true,
  closed: null,
  heardAgoMs: 3_000,
  eventAgoMs: 240_000,
  asOf: "10:41:40",
  ...rest,
});

test.each<[LiveFacts, string, string, boolean]>([
  [facts({ phase: "LOADING" }, { shown: 0 }), "LOADING", "Loading…", false],
  [facts({ phase: "LOADING", head: 1_284 }, { shown: 800 }), "LOADING", "Loading 800 of 1,284…", false],
  [facts({ phase: "CATCHING_UP", head: 224 }), "CATCHING_UP", "Catching up, 212 behind", false],
  [facts({ phase: "LIVE", head: 12 }), "LIVE", "Live · 12/12 · verified ✓", false],
  [facts({ phase: "LIVE", head: 0 }, { shown: 0 }), "LIVE", "Live · waiting for the first event", false],
  [facts({ phase: "QUIET", head: 0 }, { shown: 0 }), "QUIET", "Live · waiting for the first event", false],
  [facts({ phase: "QUIET", head: 12 }), "QUIET", "Live · nothing new for 4 m · checked 3.0 s ago", false],
  [
    facts({ phase: "STALE", head: 12 }, { heardAgoMs: 14_000 }),
    "STALE",
    "Not updating for 14 s · showing data as of 10:41:40",
    true,
  ],
  [
    facts({ phase: "RECONNECTING", head: 12, detail: "try 3, next in 4 s" }),
    "RECONNECTING",
    "Reconnecting (try 3, next in 4 s) · data as of 10:41:40",
    true,
  ],
  [facts({ phase: "RECONNECTING", head: 12 }), "RECONNECTING", "Reconnecting · data as of 10:41:40", true],
  [facts({ phase: "REPAIRING", head: 24 }), "REPAIRING", "12 events missing after #12 · fetching", false],
  [facts({ phase: "BROKEN", head: 24 }), "BROKEN", "Event 13 does not match its predecessor", true],
  [facts({ phase: "ENDED", head: 12 }), "ENDED", "Finished · all 12 events verified", false],
  [facts({ phase: "LIVE", head: 12 }, { online: false }), "OFFLINE", "You are offline · data as of 10:41:40", true],
  [
    facts({ phase: "LIVE", head: 12 }, { closed: "the run is not there" }),
    "CLOSED",
    "Not following: the run is not there · data as of 10:41:40",
    true,
  ],
])("liveWords() tells phase and words %#: $1", (given, phase, text, stale) => {
  expect(liveWords(given)).toEqual({ phase, text, stale });
});

test.each(["LIVE", "QUIET", "ENDED"] as const)(
  "liveWords() does not say %s while events are not on the screen yet",
  (phase) => {
    const words = liveWords(facts({ phase, received: 15, head: 15 }));
    expect(words).toEqual({ phase: "CATCHING_UP", text: "Catching up, 3 behind", stale: false });
  },
);

test.each([
  facts({ phase: "BROKEN", head: 12 }, { online: false }),
  facts({ phase: "BROKEN", head: 12 }, { closed: "stopped" }),
])("liveWords() lets nothing hide a broken chain", (given) => {
  expect(liveWords(given).phase).toBe("BROKEN");
});

test("liveWords() says verified only where every event on the screen is", () => {
  const phases = [
    "LOADING",
    "CATCHING_UP",
    "LIVE",
    "QUIET",
    "STALE",
    "RECONNECTING",
    "REPAIRING",
    "BROKEN",
    "ENDED",
  ] as const;
  const claims = phases.filter((phase) =>
    liveWords(facts({ phase, head: 13 }, { shown: 12 })).text.includes("verified"),
  );
  expect(claims).toEqual([]);
});

test("liveWords() keeps a finished run finished without a network", () => {
  expect(liveWords(facts({ phase: "ENDED", head: 12 }, { online: false })).phase).toBe("ENDED");
});
