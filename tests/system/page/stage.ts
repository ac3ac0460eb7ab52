import type { ProductUnderTest } from "../product.ts";
import type { BrowserPage } from "./browser-page.ts";
import type { Door } from "./door.ts";

/** A product with some runs, and a page of it that is signed in. */
export interface Stage {
  product: ProductUnderTest;
  door: Door;
  open: BrowserPage;
}
