import { runAgent } from "@soma/sdk/run-agent";
import { parking } from "../graphs/parking.ts";

export default parking(
  "child",
  runAgent({
    graph: "errand",
    input: ({ order }) => ({ text: order, order: `${order}/errand`, until: "" }),
    done: ({ status }) => ({ summary: `the errand ${status.toLowerCase()}` }),
  }),
);
