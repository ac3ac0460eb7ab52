import { approval } from "@soma/sdk/approval";
import { parking } from "../graphs/parking.ts";

export default parking(
  "approval",
  approval({
    ask: ({ order }) => ({ question: `Pay for ${order}?` }),
    approved: () => ({ summary: "approved" }),
  }),
);
