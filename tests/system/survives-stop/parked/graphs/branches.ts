import { approval } from "@soma/sdk/approval";
import { parallel } from "@soma/sdk/branches";
import { type AnyNode, graph, replaced } from "@soma/sdk/graph";
import { wait, waitForSignal } from "@soma/sdk/wait";
import type { Order } from "./parking.ts";

const hears = graph("hears", 1, {})
  .node("waits", waitForSignal("go", { heard: () => ({ summary: "heard" }) }))
  .build(() => "");

const asks = graph("asks", 1, {})
  .node("waits", approval({ ask: () => ({ question: "Is it right?" }), approved: () => ({ summary: "approved" }) }))
  .build(() => "");

const rests = graph("rests", 1, { until: replaced("") })
  .node(
    "waits",
    wait(({ until }) => new Date(until)),
  )
  .build(() => "");

/** Three that wait at the same time, each for something else. */
export const allWait: AnyNode<Order> = parallel({
  branches: {
    hears: { graph: hears },
    asks: { graph: asks },
    rests: { graph: rests, start: ({ until }) => ({ until }) },
  },
  join: () => ({ summary: "all came" }),
});
