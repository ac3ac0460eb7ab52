import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// Files share a window, so each test gives it back as it was.
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  localStorage.clear();
  document.documentElement.removeAttribute("data-theme");
  document.title = "";
  history.replaceState(null, "", "/");
});

// What is asked beside the API has nobody behind it, unless a test says so.
window.fetch = () => Promise.reject(new TypeError("fetch failed"));

// As main.tsx draws it; and a busy machine is no fault of the page.
configure({ reactStrictMode: true, asyncUtilTimeout: 5_000 });
