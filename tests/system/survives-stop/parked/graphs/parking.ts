import { callTool } from "@soma/sdk/call-tool";
import { type AnyNode, type Graph, type GraphBuilder, graph, replaced } from "@soma/sdk/graph";
import { waitForSignal } from "@soma/sdk/wait";
import { VERSION } from "./version.ts";

/** What a run is about: the order that it pays for, once, and a time that some of them wait for. */
export interface Order {
  readonly order: string;
  readonly until: string;
  readonly paid: string;
}

const paid = (state: Order): string => state.paid;

function build(name: string, version: number, waits: AnyNode<Order>): GraphBuilder<Order> {
  const channels = { order: replaced(""), until: replaced(""), paid: replaced("") };
  return graph(name, version, channels, {
    begin: ({ order, until }) => ({ order: String(order), until: String(until) }),
  })
    .node("waits", waits)
    .node("pay", callTool("pay", { args: ({ order }) => ({ order }), into: (output) => ({ paid: output }) }))
    .edge("waits", "pay");
}

/** An agent whose first step waits, and whose second one pays. */
export function before(name: string, waits: AnyNode<Order>): Graph<Order> {
  return build(name, 1, waits).build(paid);
}

/** The same with a step more, as a later build has it. */
function after(name: string, waits: AnyNode<Order>): GraphBuilder<Order> {
  return build(name, 2, waits)
    .node("thank", { type: "answer", pure: true, run: () => ({ summary: "thanked" }) })
    .edge("pay", "thank");
}

/** What this build has of an agent: the first one, or one that takes its runs over. */
export function parking(name: string, waits: AnyNode<Order>): Graph<Order> {
  const first = before(name, waits);
  return VERSION === 1 ? first : after(name, waits).compatibleWith(first.pin).build(paid);
}

/** One that takes nothing over. */
export const strange = (name: string, waits: AnyNode<Order>): Graph<Order> => after(name, waits).build(paid);

export const hears: AnyNode<Order> = waitForSignal("go", { heard: () => ({ summary: "heard" }) });

/** After it a run that may make one call has none left to pay with. */
export const looks: AnyNode<Order> = callTool("look", { args: ({ order }) => ({ order }), into: () => ({}) });
