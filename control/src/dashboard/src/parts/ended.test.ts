import { expect, it } from "vitest";
import { endedAs } from "./ended";

it("takes an end that is no success for a failure, but what people asked for", () => {
  const said = Object.fromEntries(
    ["completed", "running", "failed", "timeout", "lost", "killed", "stopped", "no end known"].map((how) => [
      how,
      endedAs(how),
    ]),
  );
  expect(said).toEqual({
    completed: "completed",
    running: "running",
    failed: "failed",
    timeout: "failed",
    lost: "failed",
    killed: "cancelled",
    stopped: "cancelled",
    "no end known": "pending",
  });
});
