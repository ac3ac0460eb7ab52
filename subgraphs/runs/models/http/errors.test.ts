import { describe, expect, test } from "vitest";
import { createQuote } from "../model-error.ts";
import { readRefusal, toResponseError } from "./errors.ts";

async function errorOf(status: number, error: object) {
  const refusal = await readRefusal(Response.json({ error }, { status }), "https://a.example/v1");
  return toResponseError("p (m)", refusal, createQuote());
}

describe("toResponseError()", () => {
  test.each([520, 521, 522, 523, 524, 530])("waits for a server that is away by HTTP %i", async (status) => {
    expect(await errorOf(status, {})).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", isOfProfile: false });
  });

  test.each([
    [429, { type: "exceeded_current_quota_error", message: "no" }, "spent"],
    [429, { message: "your account is suspended due to insufficient balance" }, "spent"],
    [400, { message: "Your credit balance is too low to access the API" }, "spent"],
    [400, { type: "invalid_request_error", message: "Model Not Exist" }, "check baseUrl and model"],
    [400, { message: "The model `x` does not exist" }, "check baseUrl and model"],
    [400, { status: "INVALID_ARGUMENT", message: "API key not valid. Please pass a valid API key." }, "check the key"],
  ])("takes HTTP %i with %j for a fault of the profile", async (status, error, advice) => {
    expect(await errorOf(status, error)).toMatchObject({
      ...{ code: "MODEL_REFUSED", isOfProfile: true, retryAfterMs: null },
      message: expect.stringContaining(advice),
    });
  });

  test.each([
    [
      "in what a provider behind it said",
      429,
      { message: "Provider returned error", metadata: { raw: '{"code":"insufficient_quota"}' } },
    ],
    ["in its status", 403, { message: "Forbidden", status: "INSUFFICIENT_FUNDS" }],
    ["in its details", 400, { message: "no", details: [{ reason: "INSUFFICIENT_CREDIT" }] }],
    ["in a list of errors", 429, { message: "no", errors: [{ message: "You are out of credits" }] }],
  ])("reads that an account is spent %s, and tells the message alone", async (_where, status, error) => {
    expect(await errorOf(status, error)).toMatchObject({
      ...{ code: "MODEL_REFUSED", isOfProfile: true },
      message: `p (m) answered HTTP ${status} (what the account may spend is spent): ${error.message}`,
    });
  });

  test("waits out a limit of each minute, and takes any other HTTP 400 for a fault of the request", async () => {
    const limit = { message: "You exceeded your current quota, please check your plan and billing details" };
    expect(await errorOf(429, limit)).toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    expect(await errorOf(400, { message: "a tool is not found" })).toMatchObject({
      ...{ code: "MODEL_REFUSED", isOfProfile: false },
    });
  });
});
