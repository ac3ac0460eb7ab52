import { readConf } from "@soma/conf/read-conf";
import { discoverGraphs } from "@soma/runs/agents";
import { createLiveGraphs, type LiveGraphs } from "@soma/runs/live-graphs";
import type { Tool } from "@soma/sdk/define-tool";
import prices from "@soma/sdk/samples/map/agents/prices";
import findPrice from "@soma/sdk/samples/map/tools/find-price";
import refund from "@soma/sdk/samples/refund/agents/refund";
import findPayment from "@soma/sdk/samples/refund/tools/find-payment";
import payBack from "@soma/sdk/samples/refund/tools/pay-back";
import research from "@soma/sdk/samples/research/agents/research";
import searchLibrary from "@soma/sdk/samples/research/tools/search-library";
import { type Scenario, ScenarioSchema } from "@soma/sdk/scenario";

/** Sample agents of the SDK as the product has them, like a project that nobody had to write. */
interface Samples {
  graphs: LiveGraphs;
  tools(): readonly Tool[];
  scenario(): Scenario;
}

const TOOLS: readonly Tool[] = [findPrice, findPayment, payBack, searchLibrary];

export async function loadSamples(): Promise<Samples> {
  const graphs = createLiveGraphs(await discoverGraphs());
  graphs.replace([prices, refund, research]);
  const rules = ["refund", "research"].flatMap((name) => {
    const file = new URL(`../../../subgraphs/sdk/samples/${name}/scenario.yaml`, import.meta.url);
    return readConf(file, ScenarioSchema).rules;
  });
  return { graphs, tools: () => TOOLS, scenario: () => ({ rules }) };
}
