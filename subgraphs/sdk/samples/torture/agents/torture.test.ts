import assert from "node:assert/strict";
import { test } from "node:test";
import { testAgent } from "@soma/sdk/test-agent";
import asked from "./asked.ts";
import found from "./found.ts";
import idempotent from "./idempotent.ts";
import pure from "./pure.ts";

const input = { order: "S-1", fault: "throw" };

/** Does it, and loses the answer of the first call. */
function losing(done: string[], key: (order: string) => string, answer: string) {
  return ({ order }: { [name: string]: unknown }): string => {
    done.push(key(String(order)));
    if (done.length === 1) throw new Error("the answer was lost");
    return answer;
  };
}

test("what changes nothing, and what has a key, is asked for again when the answer is lost", async () => {
  const prices: string[] = [];
  const price = await testAgent(pure, { input, tools: { find_price: losing(prices, (order) => order, "40") } });
  assert.deepEqual([price.answer, prices], ["asked", ["S-1", "S-1"]]);
  const keys: string[] = [];
  const paid = await testAgent(idempotent, { input, tools: { pay_by_key: losing(keys, (order) => order, "paid") } });
  assert.deepEqual([paid.answer, keys], ["paid", ["S-1", "S-1"]]);
});

test("what must not be done twice is found out about, or asked about, and not done again", async () => {
  for (const agent of [found, asked]) {
    const paid: string[] = [];
    const tools = { pay_once: losing(paid, (order) => order, "paid"), find_payment: () => "paid" };
    const { answer } = await testAgent(agent, { input, tools, decisions: [{ approve: true }] });
    assert.deepEqual([answer, paid.length], [agent === found ? "found" : "told", 1]);
  }
});

test("what the bank knows nothing of is done then", async () => {
  let calls = 0;
  const tools = {
    pay_once() {
      calls += 1;
      if (calls === 1) throw new Error("no connection");
      return "paid";
    },
    find_payment: () => "not paid",
  };
  const { answer } = await testAgent(found, { input, tools });
  assert.deepEqual([answer, calls], ["paid", 2]);
});
