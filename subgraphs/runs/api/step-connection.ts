import { type PageArgs, parsePage, toConnection } from "@soma/shared/graphql/page";
import type { Step } from "../domain/steps.ts";

const STEPS_PAGE = { default: 100, max: 500 };

/** A page of a run's steps, in their order; a cursor is a step's number. */
export function stepConnection(all: readonly Step[], args: PageArgs) {
  const page = parsePage(args, STEPS_PAGE, (cursor) => (/^\d{1,9}$/.test(cursor) ? Number(cursor) : undefined));
  const { after = 0, before = Number.POSITIVE_INFINITY } = page;
  const within = all.filter((step) => step.number > after && step.number < before);
  const rows = (page.backward ? within.toReversed() : within).slice(0, page.limit + 1);
  return { ...toConnection(rows, page, (step) => String(step.number)), totalCount: all.length };
}
