import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { SignInPage } from "./sign-in-page.tsx";

test("SignInPage says how to get a link and why the last one failed", () => {
  const text = renderToStaticMarkup(<SignInPage why="It was used already" />).replace(/<[^>]+>/g, "");
  expect(text).toContain("It was used already");
  expect(text).toContain("npx soma signin");
});
