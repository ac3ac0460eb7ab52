import desk from "@soma/sdk/samples/desk/agents/desk";
import prices from "@soma/sdk/samples/map/agents/prices";
import refund from "@soma/sdk/samples/refund/agents/refund";
import research from "@soma/sdk/samples/research/agents/research";
import timer from "@soma/sdk/samples/timer/agents/timer";
import orders from "@soma/sdk/template/agents/orders";
import assistant from "../../agents/assistant/graph.ts";
import { order } from "./order.ts";

/** Every graph that ships, the samples, what `soma init` writes, and one with all kinds of steps: a release keeps a journal of each. */
export const GOLDEN_GRAPHS = [assistant, desk, prices, refund, research, timer, orders, order()];
