import { expect, test } from "vitest";
import { history, started } from "../../run-log/testing/history.ts";
import { type Effect, effectWords, onlyWord, pointWords } from "./go-on.ts";

const [begun, step] = history([started, ["STEP_SUCCEEDED", "1 model", {}]]);

const effect = (abandoned: boolean): Effect => ({
  onReturn: "RUN_AGAIN",
  choices: ["RUN_AGAIN"],
  step: {
    id: "r.1",
    number: 1,
    nodeId: "model",
    nodeType: "model",
    status: "SUCCEEDED",
    summary: null,
    abandoned,
  },
});

test("pointWords() say of which event a run is to go on", () => {
  expect([pointWords(begun, 1), pointWords(step, 2), pointWords(undefined, 9)]).toEqual([
    "event 1, the start",
    "event 2, after step 1, model",
    "event 9",
  ]);
});

test.each([
  [0, /^No step after this point asked a model, a tool, memory or policy\.$/],
  [
    1,
    /^1 step after this point asked .* or policy\. That is not undone\. .* does it again, unless you choose otherwise\.$/,
  ],
  [2, /^2 steps after this point asked .* The run that goes on does each again, unless you choose otherwise\.$/],
])("effectWords() of %i effects", (count, words) => {
  expect(effectWords(Array.from({ length: count }, () => effect(false)))).toMatch(words);
});

test("what a rollback took back is not said to be done again", () => {
  expect(effectWords([effect(true), effect(false)])).toMatch(
    /^2 steps .* The run that goes on does each again that no rollback took back, unless you choose otherwise\.$/,
  );
  expect([true, false].map((abandoned) => onlyWord(effect(abandoned)))).toEqual([
    "taken back by a rollback",
    "done again",
  ]);
});
