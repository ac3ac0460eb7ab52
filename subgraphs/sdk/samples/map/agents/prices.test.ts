import assert from "node:assert/strict";
import { test } from "node:test";
import { testAgent } from "@soma/sdk/test-agent";
import prices from "./prices.ts";

const items = Array.from({ length: 100 }, (_, index) => `item ${index}`);

test("prices asks for each of a hundred items once, and goes on without those that have none", async () => {
  const price = ({ item }: { [name: string]: unknown }) => {
    if (item === "item 7") throw new Error("not sold");
    return "2";
  };
  const { status, answer, calls } = await testAgent(prices, { input: { items }, tools: { find_price: price } });
  assert.deepEqual([status, answer], ["SUCCEEDED", "198 in all, and 1 without a price"]);
  assert.equal(calls.length, 102, "the one that fails is asked three times");
});

test("prices says what its input has to be", async () => {
  await assert.rejects(testAgent(prices, { input: "tea" }), /\/items is required/);
});
