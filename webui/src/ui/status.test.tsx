import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { STATUS, StatusBadge } from "./status.tsx";

test.each(Object.keys(STATUS) as (keyof typeof STATUS)[])("StatusBadge of %s has a word and an icon", (status) => {
  const html = renderToStaticMarkup(<StatusBadge status={status} />);
  expect(html.replace(/<[^>]+>/g, "")).toBe(STATUS[status].word);
  expect(html).toMatch(/<svg[^>]*aria-hidden="true"/);
});
