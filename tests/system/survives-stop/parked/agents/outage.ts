import { askModel } from "@soma/sdk/ask-model";
import { parking } from "../graphs/parking.ts";

export default parking("outage", askModel({ ask: ({ order }) => `Is ${order} open?`, into: () => ({}) }));
