import { canonicalJson } from "@soma/schemas/json";
import { webSha256 } from "@soma/schemas/run-chain";
import { describe, expect, it } from "vitest";
import { checkHistory } from "../../engine/deploys/check-history.ts";
import { stateAt } from "../../engine/execute/state-at.ts";
import { GOLDEN_GRAPHS } from "./graphs.ts";
import { readGolden } from "./read-golden.ts";

const golden = await readGolden();

describe("golden journals", () => {
  it("has one of each graph", () => {
    const names = golden.filter(({ release }) => release === "0.1.0").map(({ exported }) => exported.head.graph);
    expect(names.toSorted()).toEqual(GOLDEN_GRAPHS.map(({ name }) => name).toSorted());
  });

  it.each(golden)("$release/$exported.head.graph comes to the same path and state in this build", async (journal) => {
    const { head } = journal.exported;
    const graph = GOLDEN_GRAPHS.find(({ name, version }) => name === head.graph && version === head.graphVersion);
    if (graph === undefined) throw new Error(`this build has no graph ${head.graph}@${head.graphVersion}`);
    expect(await webSha256(canonicalJson(stateAt(graph, journal.events, head.lastSeq)))).toBe(head.stateHash);
    const checked = checkHistory(graph, journal.events, journal.run);
    expect(checked).toMatchObject({ unseen: undefined, position: { root: { node: undefined } } });
  });
});
