import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createPage, createPart } from "./part.tsx";

const Page = ({ name }: { name: string }) => <h1>{name}</h1>;

test("createPage() is fetched once, and drawn at once where it is there already", async () => {
  const load = vi.fn(async () => ({ default: Page }));
  const Part = createPage("Runs", load);
  render(<Part name="first" />);
  expect(screen.getByText("Loading the page…")).toBeDefined();
  expect(await screen.findByRole("heading", { name: "first" })).toBeDefined();
  render(<Part name="second" />);
  expect(screen.getByRole("heading", { name: "second" })).toBeDefined();
  await Part.fetch();
  expect(load).toHaveBeenCalledOnce();
});

test("createPage() says why a page could not be fetched, under the heading it would have", async () => {
  const Part = createPage<object>("Runs", () => Promise.reject(new Error("it is gone")));
  render(<Part />);
  expect(await screen.findByRole("heading", { name: "Runs" })).toBeDefined();
  expect(screen.getByText("This page could not be loaded.")).toBeDefined();
});

test("createPart() says in the place of a part of a page why it could not be fetched", async () => {
  const gone = () => Promise.reject(new Error("it is gone"));
  const Part = createPart<object>({ loading: "what there is to try", failed: "It could not be loaded." }, gone);
  render(<Part />);
  expect(screen.getByText("Loading what there is to try…")).toBeDefined();
  expect((await screen.findByRole("alert")).textContent).toContain("It could not be loaded. It is gone");
  expect(screen.getByRole("button", { name: "Try again" })).toBeDefined();
  expect(screen.queryByRole("main")).toBeNull();
});
