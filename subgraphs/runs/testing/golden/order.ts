import { approval } from "@soma/sdk/approval";
import { atMostOnce } from "@soma/sdk/at-most-once";
import { type MapOptions, map } from "@soma/sdk/branches";
import { appended, graph, replaced } from "@soma/sdk/graph";
import type { NodeSpec } from "@soma/sdk/node";
import { wait, waitForSignal } from "@soma/sdk/wait";

/** What a later build may have changed in the agent below; nothing of it changes its structure. */
export interface Change {
  /** What the run begins with. */
  items?(given: string[]): string[];
  /** How a note is added. */
  addNote?(notes: string[], note: string[]): string[];
  initialTotal?: number;
  choose?(total: number): string;
  over?(items: readonly string[]): readonly string[];
  startItem?(item: string): string;
  join?(ends: readonly { kept: number }[]): number;
  question?: string;
  role?: string;
  signal?: string;
  /** What the nodes of these names have in place of what they had. */
  specs?: { [node: string]: Partial<NodeSpec<never>> };
  timeoutMs?: number;
  answer?(total: number): string;
}

/** In each branch one step has an effect, and then the branch waits. */
function oneItem({ specs = {} }: Change) {
  return graph("one-item", 1, { item: replaced(""), kept: replaced(0) })
    .node("fetch", {
      type: "tool",
      run: ({ item }) => ({ summary: `fetched ${item}`, patch: { kept: item.length } }),
      ...(specs.fetch as object),
    })
    .node("picked", waitForSignal("picked", { heard: () => ({ summary: "picked" }) }))
    .edge("fetch", "picked")
    .build(({ item }) => item);
}

/** An agent with a step of each kind that a history tells of in its own way: effects, choices, branches, and all that a step can wait for. */
export function order(change: Change = {}) {
  const { specs = {}, items: begin = (given) => given, over = (items) => items } = change;
  const {
    choose = (total) => (total > 10 ? "ask" : "end"),
    join = (ends) => ends.reduce((sum, { kept }) => sum + kept, 0),
  } = change;
  const { addNote, startItem = (item) => item, question = "Send it?", role, signal = "payment" } = change;
  const notes = appended<string>();
  if (addNote !== undefined) notes.reduce = addNote;
  const channels = { items: replaced<string[]>([]), total: replaced(change.initialTotal ?? 0), notes };
  type State = { readonly items: string[]; readonly total: number; readonly notes: string[] };
  const own = (name: string): object => specs[name] ?? {};
  const each: MapOptions<State, string, { readonly item: string; readonly kept: number }> = {
    over: ({ items }) => over(items),
    graph: oneItem(change),
    start: (item) => ({ item: startItem(item) }),
    join: (ends) => ({ summary: "fetched all", patch: { notes: [`${join(ends)} kept`] } }),
  };
  return graph("order", 1, channels, {
    begin: ({ items }) => ({ items: begin(items as string[]) }),
    ...(change.timeoutMs === undefined ? {} : { timeoutMs: change.timeoutMs }),
  })
    .node("price", {
      type: "tool",
      run: ({ items }) => ({ summary: "priced", patch: { total: items.length * 20, notes: ["priced"] } }),
      ...own("price"),
    })
    .node("note", {
      type: "branch",
      pure: true,
      run: ({ total }) => ({ summary: "noted", patch: { notes: [`costs ${total}`] } }),
      ...own("note"),
    })
    .node("ask", {
      ...approval<State>({
        ask: () => ({ question }),
        ...(role === undefined ? {} : { role }),
        approved: ({ decidedBy }) => ({ summary: "approved", patch: { notes: [`approved by ${decidedBy}`] } }),
      }),
      ...own("ask"),
    })
    .node("each", map(each))
    .node("rest", { ...wait<State>((_state, { now }) => new Date(now().getTime() + 1_800_000)), ...own("rest") })
    .node("paid", {
      ...waitForSignal<State>(signal, { heard: () => ({ summary: "paid", patch: { notes: ["paid"] } }) }),
      ...own("paid"),
    })
    .node("ship", {
      ...atMostOnce<State>({
        type: "shipment",
        run: () => ({ summary: "shipped", patch: { notes: ["shipped"] } }),
        done: () => ({ summary: "shipped, somebody says" }),
      }),
      ...own("ship"),
    })
    .node("end", { type: "answer", pure: true, run: () => ({ summary: "answered" }), ...own("end") })
    .edge("price", "note")
    .when("note", ["ask", "end"], ({ total }) => choose(total))
    .edge("ask", "each")
    .edge("each", "rest")
    .edge("rest", "paid")
    .edge("paid", "ship")
    .edge("ship", "end")
    .build(({ total }) => (change.answer ?? String)(total));
}
