import { describe, expect, it } from "vitest";
import { readModelConfig, readRunsConfig, readWorkerConfig } from "./config.ts";
import { toCallLimits } from "./models/call-limits.ts";

describe.each([
  ["the API", readRunsConfig],
  ["a worker", readWorkerConfig],
])("the settings of %s", (_name, read) => {
  it("tell a limit of the model that is no number together with every other fault", () => {
    const env = { SOMA_MODEL_TOTAL_MS: "5 minutes", SOMA_MODEL_SILENCE_MS: "-1", SOMA_MODEL_PROFILE: "openai" };
    expect(() => read(env)).toThrow(/DATABASE_URL is not set/);
    expect(() => read(env)).toThrow(/SOMA_MODEL_TOTAL_MS: "5 minutes" is not a whole number/);
    expect(() => read(env)).toThrow(/SOMA_MODEL_SILENCE_MS: "-1" is not a whole number/);
  });
});

describe("limits of calls to a model", () => {
  it("stand over those of the profile where they are set", () => {
    expect(toCallLimits(readModelConfig({}))).toEqual({});
    const env = { SOMA_MODEL_FIRST_TOKEN_MS: "40", SOMA_MODEL_SILENCE_MS: "0", SOMA_MODEL_TOTAL_MS: "900" };
    expect(toCallLimits(readModelConfig(env))).toEqual({ firstToken: 40, total: 900 });
  });
});
