import { allWait } from "../graphs/branches.ts";
import { before } from "../graphs/parking.ts";

/** Branches end in the graph that they began in, so a deploy leaves it as it is. */
export default before("branches", allWait);
