import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createPart } from "./part.tsx";

const Page = ({ name }: { name: string }) => <h1>{name}</h1>;

test("createPart() is fetched once, and drawn at once where it is there already", async () => {
  const load = vi.fn(async () => ({ default: Page }));
  const Part = createPart("Runs", load);
  render(<Part name="first" />);
  expect(screen.getByText("Loading the page…")).toBeDefined();
  expect(await screen.findByRole("heading", { name: "first" })).toBeDefined();
  render(<Part name="second" />);
  expect(screen.getByRole("heading", { name: "second" })).toBeDefined();
  await Part.fetch();
  expect(load).toHaveBeenCalledOnce();
});

test("createPart() says why a part could not be fetched, under the heading it would have", async () => {
  const Part = createPart<object>("Runs", () => Promise.reject(new Error("it is gone")));
  render(<Part />);
  expect(await screen.findByRole("heading", { name: "Runs" })).toBeDefined();
  expect(screen.getByText("This page could not be loaded.")).toBeDefined();
});
