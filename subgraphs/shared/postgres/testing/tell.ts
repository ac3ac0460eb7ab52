import { DRIVER_STORIES } from "./driver-stories.ts";
import { PRODUCT_STORIES } from "./product-stories.ts";
import { createWorld, type Driver } from "./world.ts";

/**
 * A process for one story, so that its death is seen: node tell.ts <story> <module of the driver> <address of the server>.
 * Ends with 0 and "told" when the story ended well.
 */
const [title = "", driver = "", url = ""] = process.argv.slice(2);
const story = DRIVER_STORIES[title] ?? PRODUCT_STORIES[title];
if (story === undefined) throw new Error(`there is no story "${title}"`);
const { default: postgres } = (await import(driver)) as { default: Driver };
const world = await createWorld(postgres, url);
await story(world);
await world.admin.unsafe(`drop table ${world.name}`);
console.log("told");
process.exit(0);
