import { wait } from "@soma/sdk/wait";
import { parking } from "../graphs/parking.ts";

export default parking(
  "timer",
  wait(({ until }) => new Date(until)),
);
