import { looks, parking } from "../graphs/parking.ts";

export default parking("budget", looks);
